/**
 * core/v1 NodeSelector, matched against labels alone.
 * Source: Kubernetes' `MatchNodeSelectorTerms`, with one difference taken from Liqo: no terms match everything.
 */
export interface NodeSelector {
  nodeSelectorTerms?: NodeSelectorTerm[]
}

export interface NodeSelectorTerm {
  matchExpressions?: Requirement[]
  matchFields?: Requirement[]
}

interface Requirement {
  key: string
  operator: string
  values?: string[]
}

type Labels = Readonly<Record<string, string>>

/**
 * Terms are alternatives, expressions within a term must all hold. A term without expressions matches nothing.
 * @param fields what matchFields see, e.g. `{ 'metadata.name': 'liqo-milan' }`
 * @throws TypeError for an operator that does not exist or values that do not fit it
 */
export function matches(selector: NodeSelector | undefined, labels: Labels, fields: Labels = {}): boolean {
  const terms = selector?.nodeSelectorTerms ?? []
  if (terms.length === 0) return true
  const verdicts = terms.map(({ matchExpressions = [], matchFields = [] }) => {
    const held = [
      ...matchExpressions.map((requirement) => holds(requirement, labels)),
      ...matchFields.map((requirement) => holds(requirement, fields)),
    ]
    return held.length > 0 && held.every(Boolean)
  })
  return verdicts.some(Boolean)
}

function holds({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return compare(key, operator, value, values, (a, b) => a > b)
    case 'Lt':
      return compare(key, operator, value, values, (a, b) => a < b)
    default:
      throw new TypeError(
        `clusterSelector: operator "${operator}" of "${key}" does not exist; use In, NotIn, Exists, DoesNotExist, Gt or Lt`,
      )
  }
}

const INTEGER = /^[+-]?\d+$/

function compare(
  key: string,
  operator: string,
  value: string | undefined,
  values: string[],
  test: (a: bigint, b: bigint) => boolean,
): boolean {
  const [bound = ''] = values
  if (values.length !== 1 || !INTEGER.test(bound)) {
    throw new TypeError(`clusterSelector: ${operator} of "${key}" takes exactly one integer, as a string`)
  }
  return value !== undefined && INTEGER.test(value) && test(BigInt(value), BigInt(bound))
}
