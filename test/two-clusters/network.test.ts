import { expect, test } from 'vitest'
import { SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../lib/cluster/resources.ts'
import { join, keyOf, networkCluster, networkOf, PORT, pass } from '../support/network-world.ts'

const inSystem = (name: string) => ({ namespace: SYSTEM_NAMESPACE, name })

test('two clusters with the same CIDRs', async () => {
  const [rome, milan] = [networkCluster('rome'), networkCluster('milan')]
  const world = networkOf(rome, milan)
  await join(world)
  expect(rome.api.peek(TUNNEL_ENDPOINT, inSystem('milan'))?.spec).toEqual({
    clusterIdentity: { clusterID: 'milan', clusterName: 'milan' },
    localPodCIDR: '10.244.0.0/16',
    localNATPodCIDR: '10.246.0.0/16',
    localExternalCIDR: '10.245.0.0/16',
    localNATExternalCIDR: '10.247.0.0/16',
    remotePodCIDR: '10.244.0.0/16',
    remoteNATPodCIDR: '10.246.0.0/16',
    remoteExternalCIDR: '10.245.0.0/16',
    remoteNATExternalCIDR: '10.247.0.0/16',
    endpointIP: '192.0.2.5',
    backendType: 'wireguard',
    backend_config: { port: PORT, publicKey: keyOf('milan') },
  })
  expect(await pass(world)).toMatchObject({ 'milan:rome': { writes: 0 } })
})
