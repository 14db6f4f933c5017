import type { KubeObject } from '../../lib/cluster/port.ts'
import type { Golden } from './cases.ts'
import { inputOf } from './runner.ts'

/** One write of a whole reconciliation (`reflect-*`). */
export interface Action {
  /** `this`: the only one that a case has, of a controller in the remote cluster. */
  cluster: 'local' | 'remote' | 'this'
  verb: string
  resource: string
  namespace?: string
  name: string
  object?: KubeObject
  options?: { preconditions?: { uid?: string; resourceVersion?: string } }
}

/** What a reconciliation does: the writes, and its Events as `Type Reason Message`. `error`: it will be retried. */
export interface Answer {
  actions: Action[]
  events: string[]
  error?: string
  [more: string]: unknown
}

interface Objects {
  local: KubeObject[]
  remote: KubeObject[]
}

export function isAnswer(value: unknown): value is Answer {
  const { actions, events } = (value ?? {}) as Partial<Answer>
  return Array.isArray(actions) && Array.isArray(events)
}

/** The home object that the key names. */
export function localOf(given: Golden): KubeObject | undefined {
  return inputOf<Objects>(given).local?.find?.(({ metadata }) => metadata.name === given.params.name)
}

export function remoteNamed(given: Golden, name: string): KubeObject | undefined {
  return inputOf<Objects>(given).remote?.find?.(({ metadata }) => metadata.name === name)
}

/** The deletion of the key's target, if there is a target that bears the marks. */
export function deletions(given: Golden): Action[] {
  const { name, remoteNamespace, localCluster, remoteCluster } = given.params as Record<string, string> & {
    localCluster: { id: string }
    remoteCluster: { id: string }
  }
  const target = remoteNamed(given, String(name))
  const { labels = {}, uid = '' } = target?.metadata ?? {}
  const isOurs =
    labels['offloading.liqo.io/origin'] === localCluster.id &&
    labels['offloading.liqo.io/destination'] === remoteCluster.id
  if (!target || !isOurs) return []
  return [
    {
      cluster: 'remote',
      verb: 'delete',
      resource: 'secrets',
      namespace: String(remoteNamespace),
      name: String(name),
      options: { preconditions: { uid } },
    },
  ]
}

/** The answer with each action put through `change`; undefined drops it. Anything else is returned as it is. */
export function withActions(expected: unknown, change: (action: Action) => Action | undefined): unknown {
  if (!isAnswer(expected) || expected.actions.length === 0) return expected
  const actions = expected.actions.map(change)
  if (actions.every((action, index) => action === expected.actions[index])) return expected
  return { ...expected, actions: actions.filter((action) => action !== undefined) }
}
