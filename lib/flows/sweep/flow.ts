import { KindMissingError } from '../../cluster/errors.ts'
import { withPatience } from '../../cluster/patience.ts'
import type { Cluster } from '../../cluster/port.ts'
import { IPAM_STORAGE } from '../../cluster/resources.ts'
import { KINDS } from '../../kinds/index.ts'
import { targetSelector } from '../../kinds/meta.ts'
import type { Log } from '../../log.ts'
import type { Measure } from '../../metrics.ts'
import { meaningOf } from '../../policy/flags.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { forEach } from '../../reflect/for-each.ts'
import { remoteNamespaces, toPair } from '../../reflect/pairs.ts'
import type { Peering } from '../../reflect/peering.ts'
import {
  countOutcome,
  newSweep,
  noted,
  pairName,
  peeringName,
  type Summary,
  type Sweep,
  settleDeletions,
  sweepKind,
} from '../../reflect/sweep-pair.ts'
import { sweepMappings } from '../mapping/release.ts'
import { fill } from '../namespace/fill.ts'
import { offloadedNamespaces, offloadNamespace } from '../namespace/flow.ts'
import type { Served } from '../namespace/status.ts'
import { IPAM_NAME } from '../network/names.ts'
import { checkOwner } from '../network/owner.ts'
import { type Attempt, everything, serveNetwork } from '../network/serve.ts'
import type { NetworkWorld } from '../network/world.ts'
import { isRefused, podsFor, refusePod } from '../refused/flow.ts'
import { sweepVolumes } from '../volume/sweep.ts'

export interface SweepOptions {
  /** Objects that may be deleted; with one more, none is. A namespace weighs itself and all copies in it. */
  deleteBudget: number
  /** Says what would be done and does nothing. */
  reportOnly: boolean
  /** All clusters, as the internal network sees them; absent: it is not swept. */
  network?: NetworkWorld
  log: Log
  /** Takes what is measured of each peering whose clusters answered. */
  measure?: Measure
  /** Epoch ms. */
  now?: number
}

/** Namespaces, or lists of a kind in a pair, that are compared at a time. */
const AT_ONCE = 4

/**
 * The guarantee behind the events: compares everything in both clusters of every peering and reflects what differs.
 * The internal network comes first, whose names others go by, then namespaces, then the objects in them. Deletions wait
 * until all is compared and are bounded by a budget, so that no glitch empties a cluster. A cluster out of reach fails
 * its own part only, and soon.
 * @returns the counts, and the duration in ms
 */
export async function sweep(
  given: readonly Peering[],
  { deleteBudget, reportOnly, network, log, measure, now = Date.now() }: SweepOptions,
): Promise<Summary & { ms: number; curable: number }> {
  const start = performance.now()
  const patient = patience()
  const peerings = given.map((one) => ({ ...one, home: patient(one.home), remote: patient(one.remote) }))
  const run = newSweep(reportOnly ? 'report' : 'withhold', log, now)
  for (const peering of peerings) warnOfFlags(log, peering)
  if (network) {
    const clusters = network.clusters.map((cluster) => ({ ...cluster, api: patient(cluster.api) }))
    await sweepNetwork(run, { ...network, clusters })
  }
  for (const group of Map.groupBy(peerings, ({ home }) => home).values()) await sweepNamespaces(run, group)
  const reached: Peering[] = []
  for (const peering of peerings) if (await sweepObjects(run, peering)) reached.push(peering)
  for (const peering of peerings) await sweepRefused(run, peering)
  for (const peering of peerings) await sweepHomeVolumes(run, peering)
  if (!reportOnly) {
    await settleDeletions(run, deleteBudget)
    for (const peering of peerings) await sweepExternalAddresses(run, peering)
  }
  for (const peering of reached) measure?.(...driftOf(run, peering))
  return { ...run.summary, curable: run.curable, ms: Math.round(performance.now() - start) }
}

/** A cluster that does not answer must not take the time of the others: it is given up wherever it takes part. */
function patience(): (cluster: Cluster) => Cluster {
  const clusters = new Map<Cluster, Cluster>()
  return (cluster) => {
    const known = clusters.get(cluster) ?? withPatience(cluster)
    clusters.set(cluster, known)
    return known
  }
}

function driftOf({ drift }: Sweep, peering: Peering): Parameters<Measure> {
  const name = peeringName(peering)
  const { found = 0, oldest = 0 } = drift.get(name) ?? {}
  return [name, { DriftFound: found, OldestUnsynced: Math.round(oldest / 1000) }]
}

/** Two clusters whose flags differ are served as if neither had set them, which nobody means. */
function warnOfFlags(log: Log, peering: Peering): void {
  const { home, remote } = peering.networks
  for (const { flag, why } of meaningOf(home, remote).disagreements) {
    log.warn('flags differ', { peering: peeringName(peering), flag, why })
  }
}

/** What the internal network takes away is what the configuration does not want (any more): no budget bounds it. */
async function sweepNetwork(run: Sweep, network: NetworkWorld): Promise<void> {
  const mode = run.mode === 'report' ? 'report' : 'act'
  const attempt: Attempt = (key, part) => {
    const what = `network ${key}`
    return noted(run, what, async () => {
      const outcome = await part()
      if (outcome) countOutcome(run, what, outcome)
    })
  }
  await serveNetwork(network, everything(network), attempt, mode)
}

/** @param group the peerings of one home cluster */
async function sweepNamespaces(run: Sweep, group: readonly Peering[]): Promise<void> {
  const names = new Set<string>()
  await forEach(group, AT_ONCE, (peering) =>
    noted(run, `namespaces ${peering.home.id}:${peering.remote.id}`, async () => {
      for (const name of await offloadedNamespaces(peering)) names.add(name)
    }),
  )
  await forEach(names, AT_ONCE, (name) =>
    noted(run, `namespace ${group[0]?.home.id}/${name}`, async () => {
      const served = await offloadNamespace(group, name, fill, run.mode)
      const results = group.map((peering, index) => ({ peering, served: served[index]!, again: () => once(index) }))
      const once = async (index: number) => {
        const result = (await offloadNamespace(group, name, fill))[index]!
        return result.former ?? outcomeOf(result)
      }
      await forEach(results, AT_ONCE, (result) => note(run, name, result))
    }),
  )
}

interface Result {
  peering: Peering
  served: Served
  /** Follows the NamespaceOffloading once more, deletions allowed. */
  again(): Promise<Outcome>
}

async function note(run: Sweep, name: string, { peering, served, again }: Result): Promise<void> {
  const what = `namespace ${peering.home.id}/${name} in ${peering.remote.id}`
  await noted(run, what, async () => {
    const outcome = outcomeOf(served)
    const isGoing = outcome.verdict === 'withheld'
    if (!isGoing) countOutcome(run, what, outcome)
    if (!isGoing && served.former?.verdict !== 'withheld') return
    const weight = 1 + (await copiesIn(peering, name))
    // What is in the copy of another name is compared as well, and goes on by itself.
    run.deletions.push({
      what,
      weight,
      ...(isGoing && { pair: pairName(peering, name), whole: true }),
      carryOut: again,
    })
  })
}

function outcomeOf({ outcome, error }: Served): Outcome {
  if (error) throw error
  return outcome
}

/** @returns whether the peering's clusters told what is to be compared */
function sweepObjects(run: Sweep, peering: Peering): Promise<boolean> {
  return noted(run, `namespaces of ${peering.remote.id}`, async () => {
    const pairs = (await remoteNamespaces(peering)).flatMap((namespace) => toPair(peering, namespace) ?? [])
    const work = pairs.flatMap((pair) => KINDS.map((kind) => ({ pair, kind })))
    await forEach(work, AT_ONCE, ({ pair, kind }) => sweepKind(run, peering, pair, kind))
  })
}

/** Pods that were sent to a cluster in vain, and those that wait for their end. */
async function sweepRefused(run: Sweep, peering: Peering): Promise<void> {
  await noted(run, `pods for ${peering.remote.id}`, async () => {
    const pods = Map.groupBy(await podsFor(peering), ({ metadata }) => metadata.namespace ?? '')
    await forEach(pods, AT_ONCE, ([namespace, all]) =>
      noted(run, `pods ${peering.home.id}/${namespace}`, async () => {
        if (run.mode === 'report' || !(await isRefused(peering, namespace))) return
        for (const { metadata } of all) {
          const outcome = await refusePod(peering, namespace, metadata.name)
          if (outcome.writes > 0) countOutcome(run, `pod ${peering.home.id}/${namespace}/${metadata.name}`, outcome)
        }
      }),
    )
  })
}

/** Home volumes of claims that are reflected, and of those that were. */
async function sweepHomeVolumes(run: Sweep, peering: Peering): Promise<void> {
  if (run.mode === 'report') return
  const what = `volumes ${peering.home.id}:${peering.remote.id}`
  await noted(run, what, async () => {
    for (const outcome of await sweepVolumes(peering)) if (outcome.writes > 0) countOutcome(run, what, outcome)
  })
}

/** Addresses of the internal network that endpoints had; after the deletions, as copies may be the last to use them. */
async function sweepExternalAddresses(run: Sweep, peering: Peering): Promise<void> {
  const what = `mappings ${peering.home.id}:${peering.remote.id}`
  await noted(run, what, async () => {
    await checkOwnNetwork(peering.home)
    for (const outcome of await sweepMappings(peering)) countOutcome(run, what, outcome)
  })
}

/**
 * Whose network it is that is about to lose addresses: home's credentials may lead to another cluster.
 * @throws AnotherClusterError
 */
async function checkOwnNetwork(home: Cluster): Promise<void> {
  try {
    checkOwner(home.id, [await home.get(IPAM_STORAGE, { name: IPAM_NAME })])
  } catch (error) {
    if (!(error instanceof KindMissingError)) throw error
  }
}

/** How many of our copies a remote namespace holds: what its deletion would take along. */
async function copiesIn(peering: Peering, homeNamespace: string): Promise<number> {
  const peers = { home: peering.home.id, remote: peering.remote.id }
  let copies = 0
  for (const { metadata } of await remoteNamespaces(peering, homeNamespace)) {
    for (const kind of KINDS.filter(({ target }) => target.side === 'remote')) {
      const labelSelector = targetSelector(kind.target, peers)
      const pages = peering.remote.list(kind.target.resource, { namespace: metadata.name, labelSelector })
      for await (const page of pages) copies += page.length
    }
  }
  return copies
}
