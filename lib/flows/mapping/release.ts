import { ConflictError, KindMissingError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { ENDPOINT_MAPPING } from '../../cluster/resources.ts'
import { parseAddress } from '../../policy/address.ts'
import { contains } from '../../policy/cidr.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { forEach } from '../../reflect/for-each.ts'
import { guarded } from '../../reflect/guard.ts'
import type { Peering } from '../../reflect/peering.ts'
import { type Mapping, mappingSelector, mappingsOf, marked } from './mapping.ts'
import { type Negotiated, negotiatedWith, shownAs, unusedOf, usageOf } from './usage.ts'

/** Mappings that are written at a time. */
const AT_ONCE = 16

/**
 * Frees mappings of which copies in the remote cluster have let go, unless something else uses them.
 * @param dropped addresses as the remote cluster's pods call them; those of pods are passed over
 * @throws ClusterError as the clusters do; then the sweep has another look
 */
export async function releaseDropped(peering: Peering, dropped: ReadonlySet<string>): Promise<Outcome[]> {
  const negotiated = await negotiatedWith(peering)
  if (typeof negotiated === 'string') return []
  if (![...dropped].some((text) => isExternal(negotiated, text))) return []
  const candidates = (await mappingsFor(peering)).filter((mapping) => {
    const shown = shownAs(negotiated, mapping.external)
    return shown !== undefined && dropped.has(shown)
  })
  return release(peering, negotiated, candidates)
}

/**
 * Frees all mappings that nothing uses, whoever left them: what a function that ended too early made or marked, what a
 * namespace that is no longer offloaded had, and all of them where the flags want none. Where it is not settled what the
 * peer calls home's CIDRs, none is freed.
 * @throws ClusterError as the clusters do
 */
export async function sweepMappings(peering: Peering): Promise<Outcome[]> {
  const mappings = await mappingsFor(peering)
  if (!mappings.some(({ isOurs }) => isOurs)) return []
  const negotiated = await negotiatedWith(peering)
  if (negotiated === 'unknown') return []
  if (negotiated === 'unused') return release(peering, negotiated, mappings)
  return release(peering, negotiated, unusedOf(negotiated, mappings, await usageOf(peering, negotiated)))
}

/**
 * Frees those of the candidates that nothing uses. A mapping that is in use is never lost, although users take no lock:
 *
 * 1. the mapping is marked, if it is still as it was read;
 * 2. then all slices and copies are listed;
 * 3. then it is deleted, if it is still as it was marked and none of them uses it; else the mark is taken off.
 *
 * A user reads its slice first and the mappings second. If it read them before the mark, the list of step 2 has its slice.
 * If it read them after, it takes the mark off before it goes on, and step 3 is refused; or it finds nothing, and makes a
 * new one. Whoever ends between two steps leaves a mark that hinders nobody, and the next sweep begins anew.
 */
async function release(
  peering: Peering,
  negotiated: Negotiated | 'unused',
  candidates: readonly Mapping[],
): Promise<Outcome[]> {
  const held: KubeObject[] = []
  await forEach(
    candidates.filter(({ isOurs }) => isOurs),
    AT_ONCE,
    async ({ object, isReleasing }) => {
      const now = isReleasing ? object : await ifUnchanged(() => apply(peering, marked(object, true), object))
      if (now) held.push(now)
    },
  )
  if (held.length === 0) return []
  const unused = await stillUnused(peering, negotiated)
  const outcomes: Outcome[] = []
  await forEach(held, AT_ONCE, async (object) => {
    const { name, uid = '', resourceVersion = '' } = object.metadata
    if (!unused.has(name)) return void (await ifUnchanged(() => apply(peering, marked(object, false), object)))
    const isGone = await ifUnchanged(() => peering.home.delete(ENDPOINT_MAPPING, { name }, { uid, resourceVersion }))
    if (isGone) outcomes.push({ verdict: 'deleted', writes: 2, why: `mapping ${name} has no user` })
  })
  return outcomes
}

/** Names of the mappings that nothing uses; all of it is read now. */
async function stillUnused(peering: Peering, negotiated: Negotiated | 'unused'): Promise<Set<string>> {
  const mappings = await mappingsFor(peering)
  const unused = negotiated === 'unused' ? mappings : unusedOf(negotiated, mappings, await usageOf(peering, negotiated))
  return new Set(unused.map(({ object }) => object.metadata.name))
}

/** undefined: somebody else has written meanwhile, who knows more. */
async function ifUnchanged<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof ConflictError) return undefined
    throw error
  }
}

function apply({ home }: Peering, desired: KubeObject, seen: KubeObject): Promise<KubeObject> {
  return home.apply(ENDPOINT_MAPPING, guarded(desired, seen))
}

/** All mappings for the peer; none where the kind is not known, as nothing can have made one. */
async function mappingsFor({ home, remote }: Peering): Promise<Mapping[]> {
  const objects: KubeObject[] = []
  try {
    for await (const page of home.list(ENDPOINT_MAPPING, { labelSelector: mappingSelector(remote.id) })) {
      objects.push(...page)
    }
  } catch (error) {
    if (!(error instanceof KindMissingError)) throw error
  }
  return mappingsOf(remote.id, objects)
}

/** Whether the address stands for one outside home's pod CIDR. */
function isExternal({ renamed }: Negotiated, text: string): boolean {
  const address = parseAddress(text)
  return !('unreadable' in address) && renamed.some(({ to }) => contains(to, address))
}
