import { eventually } from './eventually.ts'
import type { Kubectl } from './kubectl.ts'

/**
 * Waits until objects of every CRD in the cluster can be read. A new kind is in discovery a moment after it is
 * established, and until the API server's cache of it is filled it answers a list with 429.
 */
export async function crdsServed(kubectl: Kubectl): Promise<void> {
  const names = (await kubectl(['get', 'crd', '--output', 'jsonpath={.items[*].metadata.name}'])).split(' ')
  for (const name of names) {
    await eventually(`${name} is served`, async () => (await kubectl.try(['get', '-A', name])).code === 0)
  }
}
