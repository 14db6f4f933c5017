import { stringify } from 'yaml'
import { type Trigger, triggersOf } from '../lib/event/triggers.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { NETWORK_TRIGGERS } from '../lib/flows/network/triggers.ts'
import { serviceaccount } from '../lib/flows/serviceaccount/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'
import type { Side } from '../lib/kinds/kind.ts'
import { OUR_GROUPS } from './rights.ts'

/** Writes, by their verb in an audit event. */
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection']

/**
 * The audit policy of a cluster (YAML): completed writes of the kinds in the table, without contents, and of the
 * functions' own only those that another function waits for: the rest would come back to them as events. Whatever else
 * writes in the cluster costs nothing. System namespaces are never offloaded.
 * @param sides what the cluster is to others; less is told of one that is only home, or only remote
 */
export function auditPolicy(sides: readonly Side[] = ['home', 'remote']): string {
  const triggers = triggersIn(sides)
  const groups = Map.groupBy(triggers, ({ verbs = WRITES, namespace = '' }) => `${namespace} ${verbs}`)
  const own = resourcesOf(triggers, ({ plural, own = [] }) => named(plural, own))
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
    rules: [
      ...(own.length > 0 ? [{ level: 'Metadata', userGroups: OUR_GROUPS, verbs: WRITES, resources: own }] : []),
      { level: 'None', userGroups: OUR_GROUPS },
      { level: 'None', namespaces: SYSTEM },
      ...[...groups.values()].map((same) => {
        const { verbs = WRITES, namespace } = same[0]!
        const place = namespace === undefined ? {} : { namespaces: [namespace] }
        return { level: 'Metadata', ...place, verbs, resources: resourcesOf(same, touching) }
      }),
      { level: 'None' },
    ],
  }
  return stringify(policy, { aliasDuplicateObjects: false })
}

/** What wakes functions in a cluster that is this to others. */
export function triggersIn(sides: readonly Side[]): Trigger[] {
  return [...triggersOf([...KINDS, namespace, serviceaccount]), ...NETWORK_TRIGGERS].filter(
    ({ side }) => side === undefined || sides.includes(side),
  )
}

function resourcesOf(triggers: readonly Trigger[], namesOf: (trigger: Trigger) => string[]) {
  return [...Map.groupBy(triggers, ({ group }) => group)]
    .map(([group, all]) => ({ group, resources: [...new Set(all.flatMap(namesOf))] }))
    .filter(({ resources }) => resources.length > 0)
}

const SYSTEM = ['kube-system', 'kube-public', 'kube-node-lease']

function touching({ plural, subresources = [] }: Trigger): string[] {
  return named(plural, ['', ...subresources])
}

/** @param subresources `` is the object itself */
function named(plural: string, subresources: readonly string[]): string[] {
  return subresources.map((subresource) => (subresource === '' ? plural : `${plural}/${subresource}`))
}
