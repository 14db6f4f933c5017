import { ClusterError } from '../cluster/errors.ts'
import type { ChangeEvent } from '../event/change.ts'
import type { Kind, Read, Side } from '../kinds/kind.ts'
import { logKey } from '../log.ts'
import { committed } from './committed.ts'
import type { Outcome } from './converge.ts'
import { forEach } from './for-each.ts'
import { sourceName } from './observe.ts'
import { type PairScope, pairOfRemote, pairScope, remoteNamespaces, toPair } from './pairs.ts'
import { contextOf, namespaceOn, type Pair, type Peering, sideOf } from './peering.ts'
import { reflect } from './reflect.ts'
import { sweepPair } from './sweep-pair.ts'

/** Peerings, and keys of one event, that are served at a time. */
const AT_ONCE = 16

/** Some keys could not be reflected now; a redelivery may do it. */
export class ReflectionError extends Error {
  readonly retry = true

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ReflectionError'
  }
}

/** Hears what became of a key, or of all that an event is about. */
export type Settled = (peering: Peering, outcome: Outcome) => void

/** One event being served. */
interface Run {
  kind: Kind
  event: ChangeEvent
  curable: string[]
  settled: Settled
}

/**
 * Reflects what an event refers to, in every peering that its cluster takes part in. One line is logged a key; what
 * failed for good is logged and told the owner of the object.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatch(
  kind: Kind,
  peerings: readonly Peering[],
  event: ChangeEvent,
  settled: Settled = () => {},
): Promise<void> {
  const curable: string[] = []
  const run: Run = { kind, event, curable, settled }
  await forEach(peerings, AT_ONCE, async (peering) => {
    const side = sideIn(kind, peering, event)
    if (side) await attempt(run, peering, '*', () => serve(run, peering, side))
  })
  if (curable.length > 0) throw new ReflectionError(`${kind.name}: ${curable.length} to try again: ${curable[0]}`)
}

/** The side of the peering that the cluster is on, where the kind has such objects there. */
function sideIn(kind: Kind, { home, remote }: Peering, { cluster, of }: ChangeEvent): Side | undefined {
  const side = home.id === cluster ? 'home' : remote.id === cluster ? 'remote' : undefined
  // A query that this version does not have, or that wakes nothing: the sweep is the guarantee.
  const sides =
    of === undefined ? [kind.source.side, kind.target.side] : [kind.reads?.[of]?.wakes && kind.reads[of].side]
  return sides.find((wanted) => wanted === side)
}

/** @returns the outcome for the event as a whole, or nothing where each key has its own */
async function serve(run: Run, peering: Peering, side: Side): Promise<Outcome | undefined> {
  const { kind, event } = run
  const read = event.of === undefined ? undefined : kind.reads?.[event.of]
  if (read?.wakes === 'peering') return servePeering(run, peering, read)
  const pair = side === 'home' ? undefined : await pairOfRemote(peering, event.namespace)
  if (side === 'remote' && !pair) return UNMAPPED
  const pairs = pairScope(peering, pair?.homeNamespace ?? event.namespace, pair)
  const isAboutAll = event.names.length === 0 || read?.wakes === 'all'
  if (isAboutAll) return serveAll(kind, peering, await pairs.confirmed())
  const names = read ? await wokenBy(kind, peering, read, event, await pairs.confirmed()) : event.names
  await forEach(names, AT_ONCE, (name) =>
    attempt(run, peering, name, () =>
      read ? reflect(kind, peering, name, pairs) : serveOne(kind, peering, side, event, name, pairs),
    ),
  )
  return undefined
}

/** The sources that the changed objects wake, by the label that names them. */
async function wokenBy(
  kind: Kind,
  peering: Peering,
  { side, resource, wakes }: Read,
  { namespace, names, admitted }: ChangeEvent,
  pair: Pair | undefined,
): Promise<string[]> {
  const woken: string[] = []
  if (!pair || !wakes || wakes === 'all' || wakes === 'peering') return woken
  await forEach(names, AT_ONCE, async (name) => {
    if (admitted) await committed(sideOf(peering, side), resource, { namespace, name }, admitted)
    if (wakes === 'namesake') return void woken.push(name)
    const options = { namespace: namespaceOn(pair, kind.source.side), labelSelector: `${wakes.label}=${name}` }
    for await (const page of sideOf(peering, kind.source.side).list(kind.source.resource, options)) {
      woken.push(...page.map(({ metadata }) => metadata.name))
    }
  })
  return woken
}

const UNMAPPED: Outcome = { verdict: 'unmapped', writes: 0 }

/** An event without names: whatever differs in the namespace. */
async function serveAll(kind: Kind, peering: Peering, pair: Pair | undefined): Promise<Outcome> {
  return pair ? swept(kind, peering, [pair], 'act') : UNMAPPED
}

/** An event about the peering: whatever differs in any of its namespaces; deletions are left to the sweep, which bounds them. */
async function servePeering({ kind, event }: Run, peering: Peering, read: Read): Promise<Outcome | undefined> {
  const { side, resource } = read
  const name = (side === 'home' ? peering.remote : peering.home).id
  if (event.names.length > 0 && !event.names.includes(name)) return undefined
  const { namespace, admitted } = event
  if (admitted) await committed(sideOf(peering, side), resource, { namespace, name }, admitted)
  const pairs = (await remoteNamespaces(peering)).flatMap((one) => toPair(peering, one) ?? [])
  return swept(kind, peering, pairs, 'withhold')
}

async function swept(kind: Kind, peering: Peering, pairs: readonly Pair[], mode: 'act' | 'withhold'): Promise<Outcome> {
  let [writes, curable] = [0, 0]
  for (const pair of pairs) {
    const { summary, ...sweep } = await sweepPair(peering, pair, [kind], mode)
    writes += summary.created + summary.updated + summary.deleted
    curable += sweep.curable
  }
  if (curable > 0) throw new ReflectionError(`${curable} of the objects`)
  return writes > 0 ? { verdict: 'updated', writes, replaced: 'many' } : { verdict: 'equal', writes }
}

async function serveOne(
  kind: Kind,
  peering: Peering,
  side: Side,
  { namespace, admitted }: ChangeEvent,
  name: string,
  pairs: PairScope,
): Promise<Outcome> {
  const end = kind.source.side === side ? kind.source : kind.target
  if (admitted) await committed(sideOf(peering, side), end.resource, { namespace, name }, admitted)
  const pair = end === kind.source ? undefined : await pairs.remembered()
  return reflect(kind, peering, pair ? sourceName(kind, name, contextOf(peering, kind, pair)) : name, pairs)
}

/** Runs one part and logs its line; an error stays with its part. */
async function attempt(
  { kind, event: { cluster, namespace }, curable, settled }: Run,
  peering: Peering,
  name: string,
  part: () => Promise<Outcome | undefined>,
): Promise<void> {
  const start = performance.now()
  const key = `${cluster}/${namespace}/${name}`
  const line = (outcome: Outcome) => {
    const ms = Math.round((performance.now() - start) * 10) / 10
    const { verdict, why, writes } = outcome
    if (verdict === 'unmapped') peering.log.debug('key', { kind: kind.name, key, verdict, ms })
    else logKey(peering.log, { kind: kind.name, key, verdict, why, writes, ms })
  }
  try {
    const outcome = await part()
    if (!outcome) return
    line(outcome)
    settled(peering, outcome)
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof ReflectionError)) throw error
    if (error.retry) curable.push(`${key}: ${error.message}`)
    line({ verdict: 'failed', why: error.message, writes: 0 })
  }
}
