import type { ClusterError } from '../../lib/cluster/errors.ts'
import { ForbiddenError, UnauthorizedError, UnreachableError } from '../../lib/cluster/errors.ts'
import { CONFIGMAP, POD, SECRET, SERVICE_ACCOUNT } from '../../lib/cluster/resources.ts'
import { type Call, memoryCluster } from '../support/memory-cluster.ts'
import { clusterContract } from './cluster-contract.ts'
import { memoryUser } from './memory-user.ts'
import { type ContractWorld, THING } from './world.ts'

async function memoryWorld(): Promise<ContractWorld> {
  const cluster = memoryCluster({ id: 'rome', serves: [CONFIGMAP, POD, SECRET, SERVICE_ACCOUNT, THING] })
  const failing = (error: (call: Call) => ClusterError) => cluster.connect((call) => ({ error: error(call) }))
  const verbs = { get: 'get', list: 'list', apply: 'patch', delete: 'delete' }
  return {
    cluster,
    forbidden: failing(({ verb, resource, namespace }) => {
      const what = `${verbs[verb]} ${resource.plural} in namespace ${namespace}`
      return new ForbiddenError('rome', `forbidden to ${what}: apply the manifests of this cluster (npm run manifests)`)
    }),
    unauthorized: failing(() => new UnauthorizedError('rome', 'check CLUSTER_ROME_TOKEN')),
    unreachable: failing(() => new UnreachableError('rome', 'connect ECONNREFUSED')),
    user: memoryUser(cluster),
    stop: async () => {},
  }
}

clusterContract('in memory', memoryWorld)
