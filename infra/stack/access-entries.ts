import { clusterPrefix } from '../../lib/config/reader.ts'
import { groupOf } from '../rights.ts'
import { arnOf, logicalId, type Resource, type Resources } from './cloudformation.ts'
import { clustersIn } from './environment.ts'
import type { StackFunction } from './function.ts'
import type { StackOptions } from './stack.ts'

/** Entries of the EKS clusters that let each function in, as member of the group that its rights there are bound to. */
export function accessEntriesOf(
  functions: Readonly<Record<string, StackFunction>>,
  { accessEntries = [], environment }: StackOptions,
): Resources {
  const entries = accessEntries.flatMap((cluster) => {
    const ClusterName = environment[`${clusterPrefix(cluster)}EKS_NAME`]
    const callers = Object.entries(functions).filter(([, fn]) => fn.secrets.includes('access') && knows(fn, cluster))
    return callers.map(([name, { bundle }]): [string, Resource] => {
      const role = logicalId(name, 'Role')
      const who = { PrincipalArn: arnOf(role), KubernetesGroups: [groupOf(bundle)], Type: 'STANDARD' }
      const id = `${role}In${logicalId(cluster, '')}`
      return [id, { Type: 'AWS::EKS::AccessEntry', Properties: { ClusterName, ...who } }]
    })
  })
  return Object.fromEntries(entries)
}

function knows({ lambda: { environment: { CLUSTERS } = {} } }: StackFunction, cluster: string): boolean {
  return typeof CLUSTERS === 'string' && clustersIn({ CLUSTERS }).includes(cluster)
}
