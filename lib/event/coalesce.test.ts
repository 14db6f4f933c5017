import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ChangeEvent, changeEvent, MAX_NAMES } from './change.ts'
import { coalesce } from './coalesce.ts'

const change = (names: string[], more: Partial<ChangeEvent> = {}): ChangeEvent => ({
  cluster: 'rome',
  kind: 'pod',
  namespace: 'shop',
  names,
  ...more,
})
const updated = (resourceVersion: string) => ({ admitted: { operation: 'UPDATE', resourceVersion } }) as const
const created = { admitted: { operation: 'CREATE' } } as const
const many = Array.from({ length: 2 * MAX_NAMES + 1 }, (_, index) => `web-${index}`)

const rows: { name: string; given: ChangeEvent[]; want: ChangeEvent[] }[] = [
  { name: 'nothing', given: [], want: [] },
  {
    name: 'names of one group, each once',
    given: [change(['a', 'b']), change(['b', 'c']), change(['a'])],
    want: [change(['a', 'b', 'c'])],
  },
  {
    name: 'groups stay apart',
    given: [
      change(['a']),
      change(['a'], { namespace: 'bank' }),
      change(['a'], { kind: 'service' }),
      change(['a'], { cluster: 'milan' }),
      change(['a'], { of: 'service' }),
      change(['b']),
    ],
    want: [
      change(['a', 'b']),
      change(['a'], { namespace: 'bank' }),
      change(['a'], { kind: 'service' }),
      change(['a'], { cluster: 'milan' }),
      change(['a'], { of: 'service' }),
    ],
  },
  { name: 'a whole namespace, after', given: [change(['a']), change([])], want: [change([])] },
  { name: 'a whole namespace, before', given: [change([]), change(['a'])], want: [change([])] },
  {
    name: 'more names than fit',
    given: many.map((name) => change([name])),
    want: [
      change(many.slice(0, MAX_NAMES)),
      change(many.slice(MAX_NAMES, 2 * MAX_NAMES)),
      change(many.slice(2 * MAX_NAMES)),
    ],
  },
  {
    name: 'admitted ones stay apart by name, the later of one name stays',
    given: [change(['a'], updated('1')), change(['b'], updated('1')), change(['a'], updated('2'))],
    want: [change(['a'], updated('2')), change(['b'], updated('1'))],
  },
  {
    name: 'admitted ones are taken apart',
    given: [change(['a', 'b'], created)],
    want: [change(['a'], created), change(['b'], created)],
  },
  {
    name: 'an admitted one waits, one that has happened does not: neither stands for the other',
    given: [change(['a'], updated('1')), change(['a'])],
    want: [change(['a']), change(['a'], updated('1'))],
  },
  {
    name: 'nor does a whole namespace',
    given: [change(['a'], updated('1')), change([]), change([], created), change([], created)],
    want: [change([]), change(['a'], updated('1')), change([], created)],
  },
]

test.each(rows)('$name', ({ given, want }) => {
  expect(coalesce(given)).toEqual(want)
})

const few = (...values: string[]) => fc.constantFrom(...values)
const changes = fc.array(
  fc.record(
    {
      cluster: few('rome', 'milan'),
      kind: few('pod', 'service'),
      namespace: few('', 'shop', 'bank'),
      names: fc.array(fc.integer({ max: 200, min: 0 }).map(String), { maxLength: MAX_NAMES }),
      admitted: fc.record(
        { operation: fc.constantFrom('CREATE', 'UPDATE', 'DELETE'), resourceVersion: fc.nat().map(String) },
        { requiredKeys: ['operation'] },
      ),
    },
    { requiredKeys: ['cluster', 'kind', 'namespace', 'names'] },
  ) as fc.Arbitrary<ChangeEvent>,
  { maxLength: 60 },
)

const sameGroup = (one: ChangeEvent) => (other: ChangeEvent) =>
  one.cluster === other.cluster && one.kind === other.kind && one.namespace === other.namespace

/** Every (cluster, kind, namespace, name), `*` for a whole namespace. */
const keys = (all: ChangeEvent[]) =>
  all.flatMap(({ names, ...change }) => (names.length === 0 ? ['*'] : names).map((name) => ({ ...change, name })))

const textOf = ({ cluster, kind, namespace, name, admitted }: ReturnType<typeof keys>[number]) =>
  JSON.stringify([cluster, kind, namespace, name, admitted?.operation, admitted?.resourceVersion])

test('nothing is lost, nothing is made up, and all that comes out is valid', () => {
  fc.assert(
    fc.property(changes, (given) => {
      const left = coalesce(given)
      for (const change of left) expect(changeEvent.parse(change)).toEqual(change)
      for (const key of keys(given)) {
        const group = left.filter(sameGroup({ ...key, names: [] }))
        const covering = key.admitted
          ? group.filter(
              (one) => one.admitted && (key.name === '*' ? one.names.length === 0 : one.names[0] === key.name),
            )
          : group.filter((one) => !one.admitted && (one.names.length === 0 || one.names.includes(key.name)))
        expect(covering).toHaveLength(1)
      }
      const known = new Set(keys(given).map(textOf))
      for (const key of keys(left)) expect(known).toContain(textOf(key))
    }),
  )
})

test('of one admitted name the latest stays', () => {
  fc.assert(
    fc.property(fc.array(fc.nat().map(String), { minLength: 1 }), (versions) => {
      const left = coalesce(versions.map((version) => change(['a'], updated(version))))
      expect(left).toEqual([change(['a'], updated(versions.at(-1)!))])
    }),
  )
})

test('doing it twice changes nothing', () => {
  fc.assert(
    fc.property(changes, (given) => {
      expect(coalesce(coalesce(given))).toEqual(coalesce(given))
    }),
  )
})
