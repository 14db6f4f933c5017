import { stringify } from 'yaml'
import { triggersOf } from '../lib/event/triggers.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'
import { GROUP } from './rbac.ts'

/** Writes, by their verb in an audit event. */
const WRITES = ['create', 'update', 'patch', 'delete', 'deletecollection']

/**
 * The audit policy of a cluster (YAML): completed writes of the kinds in the table, without contents, and nothing of
 * the functions' own, which would come back to them as events. Whatever else writes in the cluster costs nothing.
 */
export function auditPolicy(): string {
  const groups = Map.groupBy(triggersOf([...KINDS, namespace]), ({ group }) => group)
  const resources = [...groups].map(([group, triggers]) => ({
    group,
    resources: [...new Set(triggers.flatMap(({ plural, subresources = [] }) => named(plural, subresources)))],
  }))
  return stringify({
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted', 'Panic'],
    rules: [{ level: 'None', userGroups: [GROUP] }, { level: 'Metadata', verbs: WRITES, resources }, { level: 'None' }],
  })
}

function named(plural: string, subresources: readonly string[]): string[] {
  return [plural, ...subresources.map((subresource) => `${plural}/${subresource}`)]
}
