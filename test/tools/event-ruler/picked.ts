/** Patterns picked by hand: mostly ones that are refused, and the edges of what is not. */
const leaf = (x: unknown) => ({ x: [x] })

export const HAND_PICKED: unknown[] = [
  ...[{}, { x: {} }, { x: [] }, { x: 'a' }, { x: 1 }, { x: null }, { x: [['a']] }, [], 'a', { x: { y: [] } }],
  ...[
    { prefix: 1 },
    { prefix: null },
    { prefix: ['a'] },
    { prefix: {} },
    { prefix: { suffix: 'a' } },
    { prefix: '' },
  ].map(leaf),
  ...[{ suffix: 1 }, { suffix: { 'equals-ignore-case': 1 } }, { suffix: '' }, { suffix: { prefix: 'a' } }].map(leaf),
  ...[
    { prefix: { 'equals-ignore-case': '' } },
    { suffix: { 'equals-ignore-case': '' } },
    { 'equals-ignore-case': '' },
  ].map(leaf),
  ...[{ prefix: 'a', suffix: 'b' }, { unknown: 'a' }, {}, { constructor: 'a' }, { 'equals-ignore-case': 1 }].map(leaf),
  ...[{ 'anything-but': [] }, { 'anything-but': null }, { 'anything-but': true }, { 'anything-but': ['a', 1] }].map(
    leaf,
  ),
  ...[{ 'anything-but': [null] }, { 'anything-but': {} }, { 'anything-but': { cidr: '10.0.0.0/8' } }].map(leaf),
  ...[{ 'anything-but': { prefix: '' } }, { 'anything-but': { suffix: ['a', ''] } }, { 'anything-but': '' }].map(leaf),
  ...[{ 'anything-but': { prefix: [] } }, { 'anything-but': { wildcard: [] } }, { 'anything-but': { prefix: 1 } }].map(
    leaf,
  ),
  ...[{ 'anything-but': { wildcard: '' } }, { 'anything-but': { 'equals-ignore-case': '' } }].map(leaf),
  ...[{ 'anything-but': { prefix: 'a', suffix: 'b' } }, { 'anything-but': { numeric: ['>', 1] } }].map(leaf),
  ...[{ 'anything-but': [['a']] }, { 'anything-but': { prefix: [['a']] } }, { exists: 'true' }, { exists: null }].map(
    leaf,
  ),
  ...[{ numeric: [] }, { numeric: '>' }, { numeric: ['>'] }, { numeric: ['>', '1'] }, { numeric: [1, '>'] }].map(leaf),
  ...[
    { numeric: ['>', 1, '<'] },
    { numeric: ['>', 1, '<', 1] },
    { numeric: ['>', 2, '<', 1] },
    { numeric: ['>=', 1, '<=', 1] },
  ].map(leaf),
  ...[
    { numeric: ['<', 1, '>', 0] },
    { numeric: ['=', 1, '=', 1] },
    { numeric: ['>', 0, '<', 1, '<', 2] },
    { numeric: ['!=', 1] },
  ].map(leaf),
  ...[
    { numeric: ['>', 0, '=', 5] },
    { numeric: ['>', 0, '<', '5'] },
    { numeric: ['constructor', 1] },
    { numeric: ['>', null] },
  ].map(leaf),
  ...[
    { wildcard: 1 },
    { wildcard: '**' },
    { wildcard: 'a**b' },
    { wildcard: 'a\\b' },
    { wildcard: '\\' },
    { wildcard: '' },
  ].map(leaf),
  ...[
    { wildcard: '*' },
    { wildcard: 'a*' },
    { wildcard: '*a*' },
    { wildcard: '\\*' },
    { wildcard: '\\**' },
    { wildcard: '*\\*' },
  ].map(leaf),
  ...[{ wildcard: 'ab*bc' }, { wildcard: '*bc*bc' }, { cidr: 10 }, { cidr: ['10.0.0.0/8'] }, { exactly: 1 }].map(leaf),
  ...[{ $or: [] }, { $or: [{ x: ['a'] }] }, { $or: { x: ['a'] } }, { $or: ['a', 'b'] }, { $or: [{ x: ['a'] }, {}] }],
  ...[
    { $or: [{ x: ['a'] }, { prefix: ['b'] }] },
    { $or: [{ x: ['a'] }, { x: { numeric: ['b'] } }] },
    { prefix: ['a'] },
  ],
  ...[
    { x: ['a'], $or: [{ x: ['b'] }, { y: [{ exists: false }] }] },
    { $or: [{ x: ['b'] }, { y: ['c'] }], x: ['a'] },
  ],
  ...[
    { $or: [{ x: ['a'] }, { $or: [{ x: ['b'] }, { x: ['abc'] }] }] },
    { x: ['a', 'a'] },
    { 'x.y': ['a'] },
    { x: { y: ['a'] } },
  ],
  ...[
    { x: ['a'], 'x.y': [{ exists: false }] },
    { x: [null] },
    { x: [true, 'true'] },
    { x: [1, '1'] },
    { y: [{ exists: false }] },
  ],
]
