import type { KubeObject } from '../../cluster/port.ts'
import { PERSISTENT_VOLUME_CLAIM } from '../../cluster/resources.ts'
import { mapOf } from '../../kinds/json.ts'
import { selectedNodeOf } from '../../kinds/persistentvolumeclaim/select.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { remoteNamespaces, toPair } from '../../reflect/pairs.ts'
import type { Peering } from '../../reflect/peering.ts'
import { provideVolume, removeSpentVolumes } from './flow.ts'

/**
 * What events of claims have missed: volumes that claims wait for, and those that nothing claims any more. The latter
 * stand for no data of home, and both they and their claims are of one cluster: no delete budget counts them.
 * @throws ClusterError as the clusters do
 */
export async function sweepVolumes(peering: Peering): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const namespace of await remoteNamespaces(peering)) {
    const pair = toPair(peering, namespace)
    if (!pair) continue
    for await (const page of peering.home.list(PERSISTENT_VOLUME_CLAIM, { namespace: pair.homeNamespace })) {
      const isWaiting = (claim: KubeObject) => selectedNodeOf(claim) !== undefined || peering.storage?.gated === true
      const waiting = page.filter((claim) => !mapOf(claim.spec).volumeName && isWaiting(claim))
      for (const { metadata } of waiting) outcomes.push(await provideVolume(peering, pair, metadata.name))
    }
  }
  return [...outcomes, ...(await removeSpentVolumes(peering))]
}
