import { ConflictError } from '../../cluster/errors.ts'
import { type KubeObject, NOT_EXISTING } from '../../cluster/port.ts'
import { PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, STORAGE_CLASS } from '../../cluster/resources.ts'
import { mapOf } from '../../kinds/json.ts'
import { marks } from '../../kinds/meta.ts'
import { persistentvolumeclaim } from '../../kinds/persistentvolumeclaim/kind.ts'
import { classOf } from '../../kinds/persistentvolumeclaim/select.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { observe } from '../../reflect/observe.ts'
import { HOME_NAMESPACE } from '../../reflect/pairs.ts'
import { contextOf, type Pair, type Peering } from '../../reflect/peering.ts'
import { SOURCE_UID } from '../../reflect/stamp.ts'
import { homeVolume, isSpent } from './forge.ts'

/**
 * Makes the home volume of a claim once the remote claim is there, so that a volume at home never stands for nothing.
 * It is made once; what becomes of it then is the business of home's own controllers.
 * @throws ClusterError as the clusters do
 */
export async function provideVolume(peering: Peering, pair: Pair, name: string): Promise<Outcome> {
  const { source: claim, target, ours, selection } = await observe(persistentvolumeclaim, peering, { pair, name })
  if (!claim || !selection.reflect || !target || !ours || !isFor(target, claim)) return NOTHING
  const context = contextOf(peering, persistentvolumeclaim, pair)
  const storageClass = await peering.home.get(STORAGE_CLASS, { name: classOf(claim) ?? '' })
  if (!storageClass) return NOTHING
  const volume = homeVolume(claim, storageClass, context)
  try {
    const metadata = { ...volume.metadata, resourceVersion: NOT_EXISTING }
    await peering.home.apply(PERSISTENT_VOLUME, { ...volume, metadata })
  } catch (error) {
    // It is there, and waits to be bound.
    if (error instanceof ConflictError) return NOTHING
    throw error
  }
  return { verdict: 'created', writes: 1, why: `volume ${volume.metadata.name}` }
}

/** A remote claim on its way out, or made for an earlier one of the name, holds nothing of this one. */
function isFor({ metadata }: KubeObject, claim: KubeObject): boolean {
  return !metadata.deletionTimestamp && metadata.annotations?.[SOURCE_UID] === claim.metadata.uid
}

const NOTHING: Outcome = { verdict: 'equal', writes: 0 }

/**
 * Removes home volumes whose claim is gone: those of one namespace, or of all.
 * @param name of the claim; absent: all
 * @throws ClusterError as home does
 */
export async function removeSpentVolumes(peering: Peering, namespace?: string, name?: string): Promise<Outcome[]> {
  const { home, remote } = peering
  const mine = marks({ home: home.id, remote: remote.id })
  const labels = namespace === undefined ? mine : { ...mine, [HOME_NAMESPACE]: namespace }
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const outcomes: Outcome[] = []
  for await (const page of home.list(PERSISTENT_VOLUME, { labelSelector })) {
    for (const volume of page) {
      const ref = mapOf(mapOf(volume.spec).claimRef)
      if (name !== undefined && ref.name !== name) continue
      // Read after the volume: a claim that is not there now will never be bound to it.
      const claim = await home.get(PERSISTENT_VOLUME_CLAIM, {
        namespace: String(ref.namespace),
        name: String(ref.name),
      })
      if (isSpent(volume, claim)) outcomes.push(await remove(peering, volume))
    }
  }
  return outcomes
}

async function remove({ home }: Peering, { metadata }: KubeObject): Promise<Outcome> {
  const { name, uid = '', resourceVersion = '' } = metadata
  const why = `volume ${name}`
  try {
    await home.delete(PERSISTENT_VOLUME, { name }, { uid, resourceVersion })
    return { verdict: 'deleted', writes: 1, why }
  } catch (error) {
    // Its phase has changed meanwhile, which says nothing against it: the sweep has another look.
    if (error instanceof ConflictError) return { verdict: 'terminating', writes: 0, why }
    throw error
  }
}
