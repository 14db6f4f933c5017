import { type ClusterError, ListBrokenError } from '../../lib/cluster/errors.ts'
import type { Cluster, KubeObject, ListOptions, ObjectRef, Resource } from '../../lib/cluster/port.ts'
import { EVENT } from '../../lib/cluster/resources.ts'
import type { Side } from '../../lib/kinds/kind.ts'

/** One call of a function to a cluster, known by its content: equal calls have the same id. */
export type Call = { id: number; side: Side; resource: Resource; path: string; text: string } & (
  | { verb: 'get'; ref: ObjectRef }
  | { verb: 'list'; options: ListOptions }
  | { verb: 'apply'; object: KubeObject; subresource?: 'status' }
  | { verb: 'delete'; ref: ObjectRef; preconditions: Parameters<Cluster['delete']>[2] }
)

/** What a cluster said, known by its content. Values are frozen: a function that changes what it read fails. */
export interface Answer {
  id: number
  value?: unknown
  error?: ClusterError
}

/** Answer to a list, as a value: all pages, or those before it broke off. */
export interface Listed {
  pages: readonly KubeObject[][]
  isBroken?: boolean
}

type Draft<T> = T extends unknown ? Omit<T, 'id' | 'text' | 'path'> : never
export type Asked = Draft<Call>

const calls = new Map<string, Call>()
const answers = new Map<string, Answer>()

/** The call of that content. `path` is `side:namespace/name`. */
export function toCall(asked: Asked): Call {
  const { side, verb, resource } = asked
  const { resource: _, ...rest } = asked
  const key = `${resource.plural} ${JSON.stringify(rest)}`
  const known = calls.get(key)
  if (known) return known
  const ref: Partial<ObjectRef> = 'ref' in asked ? asked.ref : 'object' in asked ? asked.object.metadata : asked.options
  const path = pathOf(side, ref.namespace, ref.name)
  const call = {
    ...asked,
    id: calls.size,
    path,
    text: `${verb} ${side} ${resource.kind} ${path.slice(side.length + 1)}`,
  }
  calls.set(key, call as Call)
  return call as Call
}

export function pathOf(side: Side, namespace = '', name = '*'): string {
  return `${side}:${namespace && `${namespace}/`}${name}`
}

export function toAnswer(value: unknown, error?: ClusterError): Answer {
  const key = error ? `!${error.name} ${error.message}` : (JSON.stringify(value) ?? '')
  const known = answers.get(key)
  if (known) return known
  const answer: Answer = error ? { id: answers.size, error } : { id: answers.size, value: freeze(value) }
  answers.set(key, answer)
  return answer
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member)
    Object.freeze(value)
  }
  return value
}

/**
 * The port as a function sees it: each call is handed to `ask`. Kubernetes Events are taken in silence: nobody reads
 * them, they hold the time, and so they would only make equal worlds look different.
 */
export function askingCluster(side: Side, id: string, ask: (asked: Asked) => Promise<unknown>): Cluster {
  return {
    id,
    get: (resource, ref) => ask({ side, verb: 'get', resource, ref }) as Promise<KubeObject | undefined>,
    async *list(resource, options = {}) {
      const { pages, isBroken } = (await ask({ side, verb: 'list', resource, options })) as Listed
      yield* pages
      if (isBroken) throw new ListBrokenError(id, 'the list breaks off')
    },
    async apply(resource, object, subresource) {
      if (resource === EVENT) return object
      const asked: Asked = { side, verb: 'apply', resource, object, ...(subresource && { subresource }) }
      return (await ask(asked)) as KubeObject
    },
    delete: (resource, ref, preconditions) =>
      ask({ side, verb: 'delete', resource, ref, preconditions }) as Promise<boolean>,
  }
}
