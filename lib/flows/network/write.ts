import { setTimeout as sleep } from 'node:timers/promises'
import { ClusterError, ConflictError } from '../../cluster/errors.ts'
import { type Cluster, type KubeObject, type Resource, UNREAD } from '../../cluster/port.ts'
import { contains } from '../../reflect/compare.ts'
import { guarded } from '../../reflect/guard.ts'
import { DIGEST, digest } from '../../reflect/stamp.ts'
import { described, isManaged } from './names.ts'
import { OWNER } from './owner.ts'

/** `report`: nothing is written; what would be is counted. */
export type Mode = 'act' | 'report'

/** An object of somebody else's has a name that we need. */
export class InTheWayError extends ClusterError {
  readonly retry = false
}

/** How often a part is looked at in one go; then the platform's redelivery takes over. */
const MAX_LOOKS = 12

/**
 * Milliseconds that a function waits at most after its n-th defeat, at random: IpamStorage and the fabric's Secret are
 * one object for all peers, and forty gateways that come up at once all write to their hub's.
 */
const backoff = (defeats: number) => Math.min(1000, 10 * 2 ** defeats)

/**
 * Looks, and does what the look asks for, until a look finds nothing to do: the guards of every write refuse what was
 * planned from an older look, and the last look saw all that was read for the one before it unchanged.
 * @param look does its part, and says how many writes it took
 * @returns all writes
 * @throws ConflictError when what is looked at would not hold still
 */
export async function settle({ id }: Cluster, mode: Mode, look: () => Promise<number>): Promise<number> {
  let all = 0
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    try {
      const writes = await look()
      all += writes
      if (writes === 0 || mode === 'report') return all
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      await sleep(Math.random() * backoff(looks))
    }
  }
  throw new ConflictError(id, 'the internal network kept changing while it was looked at; it will be tried again')
}

/**
 * Makes one object and its status as desired; with uid and resourceVersion of what was seen, or where nothing is. An
 * apply that leaves the object as it was is no write: what it differs in is somebody else's and stays, e.g. another port,
 * or an image that an admission policy rewrites.
 * @returns writes that it took
 * @throws InTheWayError, ConflictError, and ClusterError as the cluster does
 */
export async function ensure(
  api: Cluster,
  resource: Resource,
  { status, ...plain }: KubeObject,
  seen: KubeObject | undefined,
  mode: Mode,
): Promise<number> {
  if (seen && !isManaged(seen)) throw new InTheWayError(api.id, inTheWay(resource, seen))
  const desired = marked(plain, api.id)
  const isDue = !seen || !contains(seen, desired)
  const isStatusDue = status !== undefined && !(contains(seen?.status, status) && contains(status, seen?.status))
  const writes = Number(isDue) + Number(isStatusDue)
  if (mode === 'report' || writes === 0) return writes
  const stored = isDue ? await api.apply(resource, guarded(desired, seen)) : seen
  if (!isStatusDue) return changes(seen, stored)
  const { apiVersion, kind, metadata } = stored
  const { name, namespace } = metadata
  const bare = { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) }, status }
  return changes(seen, stored) + changes(stored, await api.apply(resource, guarded(bare, stored), 'status'))
}

function changes(before: KubeObject | undefined, after: KubeObject): number {
  return Number(before?.metadata.resourceVersion !== after.metadata.resourceVersion)
}

/** Removes objects that were seen; what is not ours is left alone, as is what is on its way out. @returns how many */
export async function remove(
  api: Cluster,
  resource: Resource,
  seen: readonly (KubeObject | undefined)[],
  mode: Mode,
): Promise<number> {
  const ours = seen.filter((one) => one !== undefined && isManaged(one) && !one.metadata.deletionTimestamp)
  if (mode === 'report') return ours.length
  for (const { metadata } of ours as KubeObject[]) {
    const { name, namespace, uid = '', resourceVersion = '' } = metadata
    await api.delete(resource, { name, ...(namespace !== undefined && { namespace }) }, { uid, resourceVersion })
  }
  return ours.length
}

/** Removes what may not be read. @returns whether it was there */
export async function removeUnread(
  api: Cluster,
  resource: Resource,
  ref: { namespace: string; name: string },
  mode: Mode,
): Promise<boolean> {
  return mode === 'act' && (await api.delete(resource, ref, UNREAD))
}

/** What an apply drops shows only in the digest: containment alone cannot see it. */
function marked(desired: KubeObject, owner: string): KubeObject {
  const annotations = { ...desired.metadata.annotations, [DIGEST]: digest(desired), [OWNER]: owner }
  return { ...desired, metadata: { ...desired.metadata, annotations } }
}

function inTheWay(resource: Resource, seen: KubeObject): string {
  return `${described(resource, seen)} is not Heliograph's (it lacks label app.kubernetes.io/managed-by=heliograph) and is left alone; delete or rename it`
}
