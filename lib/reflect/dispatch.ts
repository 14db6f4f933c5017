import { ClusterError } from '../cluster/errors.ts'
import type { ChangeEvent } from '../event/change.ts'
import type { Kind, Read, Side } from '../kinds/kind.ts'
import { logKey } from '../log.ts'
import { committed } from './committed.ts'
import type { Outcome } from './converge.ts'
import { forEach } from './for-each.ts'
import { sourceName } from './observe.ts'
import { type PairScope, pairOfRemote, pairScope } from './pairs.ts'
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

/**
 * Reflects what an event refers to, in every peering that its cluster takes part in. One line is logged a key; what
 * failed for good is logged and told the owner of the object.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatch(kind: Kind, peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const curable: string[] = []
  await forEach(peerings, AT_ONCE, async (peering) => {
    const side = sideIn(kind, peering, event)
    if (side) await attempt(curable, kind, peering, event, '*', () => serve(curable, kind, peering, side, event))
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
async function serve(
  curable: string[],
  kind: Kind,
  peering: Peering,
  side: Side,
  event: ChangeEvent,
): Promise<Outcome | undefined> {
  const pair = side === 'home' ? undefined : await pairOfRemote(peering, event.namespace)
  if (side === 'remote' && !pair) return UNMAPPED
  const pairs = pairScope(peering, pair?.homeNamespace ?? event.namespace, pair)
  const read = event.of === undefined ? undefined : kind.reads?.[event.of]
  const isAboutAll = event.names.length === 0 || read?.wakes === 'all'
  if (isAboutAll) return serveAll(kind, peering, await pairs.confirmed())
  const names = read ? await wokenBy(kind, peering, read, event, await pairs.confirmed()) : event.names
  await forEach(names, AT_ONCE, (name) =>
    attempt(curable, kind, peering, event, name, () =>
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
  if (!pair || !wakes || wakes === 'all') return woken
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
  if (!pair) return UNMAPPED
  const { summary, curable } = await sweepPair(peering, pair, [kind], 'act')
  if (curable > 0) throw new ReflectionError(`${curable} of the namespace's objects`)
  const writes = summary.created + summary.updated + summary.deleted
  return { verdict: writes > 0 ? 'updated' : 'equal', writes }
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
  curable: string[],
  kind: Kind,
  peering: Peering,
  { cluster, namespace }: ChangeEvent,
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
    if (outcome) line(outcome)
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof ReflectionError)) throw error
    if (error.retry) curable.push(`${key}: ${error.message}`)
    line({ verdict: 'failed', why: error.message, writes: 0 })
  }
}
