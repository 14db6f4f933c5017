import { ClusterError, ConflictError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING } from '../../cluster/resources.ts'
import { contains } from '../../reflect/compare.ts'
import { converge, type Mode, type Outcome } from '../../reflect/converge.ts'
import { sourceIdentity, toObservation } from '../../reflect/observe.ts'
import { HOME_NAMESPACE, remoteNamespaces } from '../../reflect/pairs.ts'
import { contextOf, type Pair, type Peering } from '../../reflect/peering.ts'
import type { Observation } from '../../reflect/plan.ts'
import { namespace } from './kind.ts'
import { labelNamespace } from './label.ts'
import { OFFLOADING_NAME, remoteNamespaceName } from './name.ts'
import { isReadyFor, type Served, toState, toStatus } from './status.ts'

/** Fills a new remote namespace with what the home namespace holds. */
export type Fill = (peering: Peering, pair: Pair) => Promise<unknown>

/** How often a status is written over a source that changes meanwhile. */
const MAX_STATUS_TRIES = 5

/**
 * Makes the remote namespaces of one home namespace follow its NamespaceOffloading, in every cluster that its home
 * peers with, labels the home namespace for the admission webhook, and writes the status back. A new remote namespace is filled before it is called ready, so a pass that
 * is cut off in between is taken up by the next one.
 *
 * There is no finalizer: with the functions gone for good, no namespace hangs. A deleted NamespaceOffloading shows by
 * its absence, and what it left behind is found by its marks.
 *
 * @param peerings all of one home cluster
 * @returns one a peering, in their order; an error stands in its outcome
 * @throws ClusterError when label or status could not be written
 */
export async function offloadNamespace(
  peerings: readonly Peering[],
  homeNamespace: string,
  fill: Fill,
  mode: Mode = 'act',
): Promise<Served[]> {
  const served = await Promise.all(peerings.map((peering) => serve(peering, homeNamespace, fill, mode)))
  if (mode === 'report') return served
  // Before the status: who waits for phase Ready and then creates pods must have them offloaded.
  if (peerings[0]) await labelNamespace(peerings[0].home, homeNamespace)
  await writeStatus(peerings, homeNamespace, served)
  return served
}

/** The home namespaces of a peering that are offloaded, or were: by their NamespaceOffloading or by a copy. */
export async function offloadedNamespaces(peering: Peering): Promise<string[]> {
  const found = new Set((await remoteNamespaces(peering)).map((copy) => copy.metadata.labels?.[HOME_NAMESPACE] ?? ''))
  for await (const page of peering.home.list(NAMESPACE_OFFLOADING)) {
    for (const { metadata } of page) found.add(metadata.namespace ?? '')
  }
  return [...found].filter((name) => name !== '').toSorted()
}

async function serve(peering: Peering, homeNamespace: string, fill: Fill, mode: Mode): Promise<Served> {
  const remote = peering.remote.id
  try {
    const hint = await readOffloading(peering, homeNamespace)
    const name = hint && nameOf(peering, hint)
    const copies = await remoteNamespaces(peering, homeNamespace)
    const former = copies.map((copy) => copy.metadata.name).filter((copy) => copy !== name)
    const gone = await Promise.all(former.map((copy) => follow(peering, homeNamespace, copy, mode)))
    if (!hint || name === undefined) return { remote, outcome: gone[0] ?? { verdict: 'absent', writes: 0 } }
    const outcome = await follow(peering, homeNamespace, name, mode)
    const isMapped = ['created', 'updated', 'equal'].includes(outcome.verdict)
    const isNew = isMapped && !isReadyFor(hint, remote)
    if (isNew && mode !== 'report') await fill(peering, { homeNamespace, remoteNamespace: name })
    return { remote, outcome, ...(gone[0] && { former: gone[0] }) }
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    return { remote, outcome: { verdict: 'failed', writes: 0, why: error.message }, error }
  }
}

/** Makes the remote namespace of that name follow the NamespaceOffloading, which may name another one by now. */
function follow(peering: Peering, homeNamespace: string, name: string, mode: Mode): Promise<Outcome> {
  const source = () => readOffloading(peering, homeNamespace)
  const observe = async (): Promise<Observation> => {
    const target = await peering.remote.get(NAMESPACE, { name })
    const identity = await sourceIdentity(namespace, peering)
    const offloading = await source()
    const chosen = offloading && nameOf(peering, offloading) === name ? offloading : undefined
    const pair = { homeNamespace, remoteNamespace: name }
    const context = contextOf(peering, namespace, pair)
    return toObservation(namespace, context, { pair, name: OFFLOADING_NAME }, target, chosen, {}, identity)
  }
  const basis = async () => [await source()].filter((object) => object !== undefined)
  return converge(namespace, peering, { observe, basis }, mode)
}

/** The status is one for all clusters, so it is written once, over the source as it is then. */
async function writeStatus(peerings: readonly Peering[], homeNamespace: string, served: Served[]): Promise<void> {
  const [peering] = peerings
  if (!peering) return
  for (let tries = 1; ; tries++) {
    const offloading = await readOffloading(peering, homeNamespace)
    if (!offloading) return
    const name = nameOf(peering, offloading)
    const states = peerings.map((one, index) => {
      const context = contextOf(one, namespace, { homeNamespace, remoteNamespace: name })
      return toState(offloading, context, served[index]!)
    })
    const status = toStatus(offloading, name, states, `${new Date().toISOString().slice(0, 19)}Z`)
    if (contains(offloading.status, status)) return
    const { uid = '', resourceVersion = '' } = offloading.metadata
    const { apiVersion, kind } = offloading
    const metadata = { name: OFFLOADING_NAME, namespace: homeNamespace, uid, resourceVersion }
    try {
      await peering.home.apply(NAMESPACE_OFFLOADING, { apiVersion, kind, metadata, status }, 'status')
      return
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_STATUS_TRIES) throw error
    }
  }
}

function readOffloading(peering: Peering, homeNamespace: string): Promise<KubeObject | undefined> {
  return peering.home.get(NAMESPACE_OFFLOADING, { namespace: homeNamespace, name: OFFLOADING_NAME })
}

function nameOf(peering: Peering, offloading: KubeObject): string {
  return remoteNamespaceName(offloading, offloading.metadata.namespace ?? '', peering.home.id)
}
