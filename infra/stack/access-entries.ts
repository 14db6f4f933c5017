import { clusterPrefix } from '../../lib/config/reader.ts'
import { groupOf } from '../rights.ts'
import { arnOf, logicalId, type Resource, type Resources } from './cloudformation.ts'
import type { StackFunction } from './functions.ts'
import type { StackOptions } from './stack.ts'

/** Entries of the EKS clusters that let the functions in, each as a member of the group that its rights are bound to. */
export function accessEntriesOf(
  functions: Readonly<Record<string, StackFunction>>,
  { accessEntries = [], environment }: StackOptions,
): Resources {
  const callers = Object.entries(functions).filter(([, { secrets }]) => secrets.includes('access'))
  const entries = accessEntries.flatMap((cluster) => {
    const ClusterName = environment[`${clusterPrefix(cluster)}EKS_NAME`]
    return callers.map(([name]): [string, Resource] => [
      `${logicalId(name, 'Role')}In${logicalId(cluster, '')}`,
      {
        Type: 'AWS::EKS::AccessEntry',
        Properties: {
          ClusterName,
          PrincipalArn: arnOf(logicalId(name, 'Role')),
          KubernetesGroups: [groupOf(name)],
          Type: 'STANDARD',
        },
      },
    ])
  })
  return Object.fromEntries(entries)
}
