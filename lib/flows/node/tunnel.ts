import { KindMissingError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../cluster/resources.ts'
import { mapOf } from '../../kinds/json.ts'
import { meaningOf } from '../../policy/flags.ts'
import type { Peering } from '../../reflect/peering.ts'

/** Whether the internal network reaches the remote cluster, and why (not), for people. */
export interface Tunnel {
  isUp: boolean
  why: string
}

/** The tunnel to the remote cluster as its TunnelEndpoint at home says; undefined where home does not want one. */
export async function tunnelOf({ home, remote: { id }, networks }: Peering): Promise<Tunnel | undefined> {
  const { nodeNetworkCondition, networkFlow, disagreements } = meaningOf(networks.home, networks.remote)
  if (!nodeNetworkCondition) return undefined
  const internal = disagreements.find(({ flag }) => flag === 'internal')
  if (!networkFlow) return { isUp: false, why: internal?.why ?? NO_TUNNEL }
  const endpoint = await readEndpoint(home, id)
  const { status, statusMessage } = mapOf(mapOf(endpoint?.status).connection)
  if (status === 'Connected') return { isUp: true, why: `The tunnel to cluster ${id} is up` }
  if (!endpoint) return { isUp: false, why: NO_TUNNEL }
  const more = typeof statusMessage === 'string' && statusMessage !== '' ? `: ${statusMessage}` : ''
  return { isUp: false, why: `The tunnel to cluster ${id} is ${status ?? 'not up yet'}${more}` }
}

const NO_TUNNEL = `There is no tunnel to the cluster yet: see kubectl get networkconfigs -n ${SYSTEM_NAMESPACE}; where another network joins the clusters, or none, set NETWORKING_INTERNAL=false`

async function readEndpoint(home: Peering['home'], name: string): Promise<KubeObject | undefined> {
  try {
    return await home.get(TUNNEL_ENDPOINT, { namespace: SYSTEM_NAMESPACE, name })
  } catch (error) {
    // Its CRD is missing: then there is none.
    if (error instanceof KindMissingError) return undefined
    throw error
  }
}
