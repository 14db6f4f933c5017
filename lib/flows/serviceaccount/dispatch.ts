import { ClusterError } from '../../cluster/errors.ts'
import { SECRET } from '../../cluster/resources.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { targetSelector } from '../../kinds/meta.ts'
import { isWaiting } from '../../kinds/pod/status.ts'
import { logKey } from '../../log.ts'
import type { Measure } from '../../metrics.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { ReflectionError } from '../../reflect/dispatch.ts'
import { forEach } from '../../reflect/for-each.ts'
import { findPair, pairOfRemote } from '../../reflect/pairs.ts'
import { IdentityError, type Pair, type Peering } from '../../reflect/peering.ts'
import { podsFor } from '../refused/flow.ts'
import { hasTokens, serveTokens, type TokenPeering } from './flow.ts'
import { serviceaccount as kind } from './kind.ts'
import { ACCOUNT, dueAt, isDue, podOf } from './secret.ts'

/** Pods that are served at a time. */
const AT_ONCE = 16

/** A pass comes once a minute: what is due before the one after the next is served now. */
const AHEAD_MS = 90_000

/**
 * Serves the pods, or the Secrets, that an event names; without names, as of a pod that a controller makes, the pods of
 * the namespace that wait.
 * @param now epoch ms
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchTokens(
  peerings: readonly TokenPeering[],
  event: ChangeEvent,
  now: number,
): Promise<void> {
  const run = newRun(now)
  for (const peering of peerings) {
    const isHome = peering.home.id === event.cluster
    if (!isHome && peering.remote.id !== event.cluster) continue
    await attempt(run, peering, event.namespace, '*', async () => {
      const pair = await (isHome ? findPair : pairOfRemote)(peering, event.namespace)
      if (pair) await serveAll(run, peering, pair, await podsOf(peering, isHome, event))
      return undefined
    })
  }
  finish(run)
}

/** Names of the home pods that an event is about. */
async function podsOf(
  peering: Peering,
  isHome: boolean,
  { namespace, names }: ChangeEvent,
): Promise<readonly string[]> {
  if (!isHome) return names.filter((name) => name.endsWith('-token')).map((name) => kind.sourceName(name))
  if (names.length > 0) return names
  const pods = await podsFor(peering, namespace)
  return pods.filter((pod) => isWaiting(pod) && hasTokens(pod)).map(({ metadata }) => metadata.name)
}

/**
 * A pass over all token Secrets: those with a token that is due soon are refreshed. `all`: also pods that have none yet,
 * and Secrets whose pod is gone, which events have missed.
 * @param measure takes by how much the most overdue token of each peering has missed its time
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function refreshTokens(
  peerings: readonly TokenPeering[],
  extent: 'due' | 'all',
  now: number,
  measure?: Measure,
): Promise<void> {
  const run = newRun(now)
  for (const peering of peerings) {
    await attempt(run, peering, '', '*', async () => {
      const wanted = new Map<string, Set<string>>()
      const want = (namespace: string, name: string) =>
        void wanted.set(namespace, (wanted.get(namespace) ?? new Set()).add(name))
      const peers = { home: peering.home.id, remote: peering.remote.id }
      const labelSelector = `${targetSelector(kind.target, peers)},${ACCOUNT}`
      const due = new Map<string, number>()
      let late = 0
      for await (const page of peering.remote.list(SECRET, { labelSelector })) {
        for (const secret of page.filter((one) => extent === 'all' || isDue(one, now + AHEAD_MS))) {
          const { name } = podOf(secret)
          want(`remote/${secret.metadata.namespace}`, name)
          const at = dueAt(secret)
          if (!Number.isNaN(at)) due.set(`${secret.metadata.namespace}/${name}`, at)
        }
      }
      const pods = extent === 'all' ? (await podsFor(peering)).filter(hasTokens) : []
      for (const { metadata } of pods) want(`home/${metadata.namespace}`, metadata.name)
      await forEach(wanted, 1, async ([place, names]) => {
        const [side, namespace] = place.split('/') as ['home' | 'remote', string]
        const pair = await (side === 'home' ? findPair : pairOfRemote)(peering, namespace)
        if (!pair) return
        // Of a pod that needs none any more the Secret stays as it is, and is late in nothing.
        await serveAll(run, peering, pair, [...names], (name) => {
          late = Math.max(late, now - (due.get(`${pair.remoteNamespace}/${name}`) ?? now))
        })
      })
      measure?.(`${peers.home}:${peers.remote}`, { TokenRefreshLate: Math.round(late / 1000) })
      return undefined
    })
  }
  finish(run)
}

interface Run {
  now: number
  curable: string[]
}

const newRun = (now: number): Run => ({ now, curable: [] })

function finish({ curable }: Run): void {
  if (curable.length > 0) throw new ReflectionError(`${kind.name}: ${curable.length} to try again: ${curable[0]}`)
}

/** @param onNeeded a pod that needs its tokens was served, or could not be */
function serveAll(
  run: Run,
  peering: TokenPeering,
  pair: Pair,
  names: readonly string[],
  onNeeded: (name: string) => void = () => {},
): Promise<void> {
  return forEach(names, AT_ONCE, (name) =>
    attempt(run, peering, pair.homeNamespace, name, async () => {
      const serving = serveTokens(peering, pair, name, run.now + AHEAD_MS)
      const outcome = await serving.catch(() => undefined)
      if (outcome?.verdict !== 'skipped') onNeeded(name)
      return serving
    }),
  )
}

async function attempt(
  run: Run,
  peering: TokenPeering,
  namespace: string,
  name: string,
  part: () => Promise<Outcome | undefined>,
): Promise<void> {
  const start = performance.now()
  const key = `${peering.home.id}/${namespace}/${name}`
  const line = ({ verdict, why, writes }: Outcome) => {
    const ms = Math.round((performance.now() - start) * 10) / 10
    logKey(peering.log, { kind: kind.name, key, verdict, why, writes, ms })
  }
  try {
    const outcome = await part()
    if (outcome && outcome.writes > 0) line(outcome)
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof IdentityError)) throw error
    if (error.retry) run.curable.push(`${key}: ${error.message}`)
    line({ verdict: 'failed', why: error.message, writes: 0 })
  }
}
