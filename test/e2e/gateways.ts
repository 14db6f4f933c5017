import { Buffer } from 'node:buffer'
import type { Stage } from '../../infra/local/stage.ts'

/** The WireGuard public key that a cluster's gateway has here. */
export const keyOf = (id: string) => Buffer.from(id.padEnd(32)).toString('base64')

/**
 * Plays what the internal network waits for in a cluster: the cloud, which gives the gateway's Service an address, and
 * the agent, which makes a key and publishes its public half.
 */
export async function connectGateway(
  { clusters }: Pick<Stage, 'clusters'>,
  id: string,
  address: string,
): Promise<void> {
  const { kubectl } = clusters[id]!
  const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: address }] } } })
  const service = ['-n', 'heliograph', 'patch', 'service', 'heliograph-gateway']
  await kubectl([...service, '--subresource=status', '--type=merge', '-p', status])
  const labels = { 'app.kubernetes.io/managed-by': 'heliograph', 'net.liqo.io/key': 'wireguard' }
  const metadata = { name: 'heliograph-gateway-key', namespace: 'heliograph', labels }
  const keys = [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { privateKey: 'secret' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { publicKey: keyOf(id) } },
  ]
  for (const object of keys) await kubectl(['apply', '-f', '-'], JSON.stringify(object))
}

/** Plays the agent of a gateway that reaches its peer, or cannot (`Error`). */
export async function connectTunnel(
  { clusters }: Pick<Stage, 'clusters'>,
  id: string,
  peer: string,
  state: 'Connected' | 'Error' = 'Connected',
): Promise<void> {
  const status = JSON.stringify({ status: { connection: { status: state, statusMessage: 'as the test says' } } })
  const endpoint = ['-n', 'heliograph', 'patch', 'tunnelendpoint', peer]
  await clusters[id]!.kubectl([...endpoint, '--subresource=status', '--type=merge', '-p', status])
}
