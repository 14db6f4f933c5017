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

/**
 * For how long a gateway's word counts, in ms. It gives it every 30 s (infra/gateway/gateway/reporter.go); the rest is for
 * clocks that differ.
 */
const TRUSTED_MS = 180_000

/**
 * The tunnel to the remote cluster as its TunnelEndpoint at home says; undefined where home does not want one.
 * @param now epoch ms
 */
export async function tunnelOf(
  { home, remote: { id }, networks }: Peering,
  now = Date.now(),
): Promise<Tunnel | undefined> {
  const { nodeNetworkCondition, networkFlow, disagreements } = meaningOf(networks.home, networks.remote)
  if (!nodeNetworkCondition) return undefined
  const internal = disagreements.find(({ flag }) => flag === 'internal')
  if (!networkFlow) return { isUp: false, why: internal?.why ?? NO_TUNNEL }
  const endpoint = await readEndpoint(home, id)
  const { status, statusMessage, latency } = mapOf(mapOf(endpoint?.status).connection)
  // Nobody takes back what a gateway said that is no more.
  const measured = mapOf(latency).timestamp
  if (status === 'Connected' && typeof measured === 'string' && now - Date.parse(measured) > TRUSTED_MS) {
    return {
      isUp: false,
      why: `The gateway has not told since ${measured} whether the tunnel to cluster ${id} is up: ${REMEDY}`,
    }
  }
  if (status === 'Connected') return { isUp: true, why: `The tunnel to cluster ${id} is up` }
  if (!endpoint) return { isUp: false, why: NO_TUNNEL }
  const more = typeof statusMessage === 'string' && statusMessage !== '' ? `: ${statusMessage}` : ''
  return { isUp: false, why: `The tunnel to cluster ${id} is ${status ?? 'not up yet'}${more}` }
}

const REMEDY = `see kubectl get pods -n ${SYSTEM_NAMESPACE}, and the clocks of the nodes`

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
