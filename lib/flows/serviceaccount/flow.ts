import { ConflictError } from '../../cluster/errors.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { POD, SECRET } from '../../cluster/resources.ts'
import { isReflected } from '../../kinds/meta.ts'
import { isOffloadedTo } from '../../kinds/pod/select.ts'
import { apiServerFor } from '../../kinds/pod/settings.ts'
import { isTerminal } from '../../kinds/pod/status.ts'
import { isTokenSecret } from '../../kinds/secret/kind.ts'
import { apply } from '../../reflect/apply.ts'
import type { Outcome } from '../../reflect/converge.ts'
import { failedReflection } from '../../reflect/messages.ts'
import { targetName } from '../../reflect/observe.ts'
import { contextOf, identityOf, type Pair, type Peering } from '../../reflect/peering.ts'
import { plan } from '../../reflect/plan.ts'
import { fetchFresh, readAll } from '../../reflect/reads.ts'
import { isForPerson, tell } from '../../reflect/report.ts'
import { stamped } from '../../reflect/stamp.ts'
import type { Ask } from './ask.ts'
import { serviceaccount as kind } from './kind.ts'
import { podOf, tokenIn, tokenSecret } from './secret.ts'
import { isFresh, type Token, tokenSources } from './tokens.ts'

/** A peering, and the way to tokens of its home. */
export interface TokenPeering extends Peering {
  ask: Ask
}

/** How often a key is looked at in one go. */
const MAX_LOOKS = 5

/**
 * Keeps the remote Secret with the tokens of one pod: made with the pod, refreshed before a token expires, rewritten for
 * another pod of the name, removed with the pod.
 * @param now epoch ms
 * @throws ConflictError when the Secret would not hold still
 * @throws ClusterError as the clusters do
 */
export async function serveTokens(peering: TokenPeering, pair: Pair, name: string, now: number): Promise<Outcome> {
  for (let look = 0; look < MAX_LOOKS; look++) {
    try {
      const outcome = await serveOnce(peering, pair, name, now)
      if (!outcome.again) return outcome
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
  throw new ConflictError(peering.remote.id, `the tokens of pod ${pair.homeNamespace}/${name} kept changing`)
}

/** One look, and what it asks for. `again`: it was the first of two steps. */
export async function serveOnce(
  peering: TokenPeering,
  pair: Pair,
  name: string,
  now: number,
): Promise<Outcome & { again?: true }> {
  const context = contextOf(peering, kind, pair)
  const { home, remote } = peering
  const target = await remote.get(SECRET, {
    namespace: pair.remoteNamespace,
    name: targetName(kind, name, context),
  })
  const identity = await identityOf(home)
  const pod = await home.get(POD, { namespace: pair.homeNamespace, name })
  const ours =
    target !== undefined && isReflected(target, context) && isTokenSecret(target) && podOf(target).name === name
  const isOfEarlier = ours && pod !== undefined && podOf(target).uid !== pod.metadata.uid
  const wants = pod !== undefined && hasTokens(pod) && (await isServed(peering, pair, pod))
  const source = isOfEarlier || !wants ? undefined : pod
  if (pod && !isOfEarlier && !wants) return NOTHING
  const tokens = source && !(target && !ours) ? await tokensOf(peering, source, ours ? target : undefined, now) : []
  const desired = source && stamped(tokenSecret(source, tokens, context), source, identity)
  const verdict = plan({
    ...{ target, source, ours, desired, yielded: false, notices: [], basis: [] },
    selection: { reflect: true },
    expires: isOfEarlier,
  })
  await told(peering, source, () => apply(kind, peering, verdict))
  if (verdict.do === 'warn' && source) await warn(peering, source, verdict.why)
  const writes = verdict.do === 'nothing' || verdict.do === 'warn' ? 0 : 1
  // Whose tokens they are is never said of a Secret that held another pod's: it goes first.
  return { verdict: verdict.verdict, writes, ...(isOfEarlier && { again: true }) }
}

const NOTHING: Outcome = { verdict: 'skipped', writes: 0, why: 'the pod needs no tokens there' }

/** Runs there, has not ended, and is led to home's API server. A pod that is being deleted may need it to the end. */
async function isServed(peering: Peering, pair: Pair, pod: KubeObject): Promise<boolean> {
  const context = contextOf(peering, kind, pair)
  if (isTerminal(pod.status) || apiServerFor(pod, context.pods ?? {}) !== 'TokenAPI') return false
  const { nodes = [] } = await readAll(kind.reads, pod, context, fetchFresh(peering, pair))
  return isOffloadedTo(pod, context, nodes)
}

async function tokensOf(
  peering: TokenPeering,
  pod: KubeObject,
  secret: KubeObject | undefined,
  now: number,
): Promise<Token[]> {
  const tokens: Token[] = []
  for (const source of tokenSources(pod)) {
    const held = secret && tokenIn(secret, source)
    tokens.push(held && isFresh(held, now) ? held : await told(peering, pod, () => peering.ask(pod, source)))
  }
  return tokens
}

/** Runs a part; its failure is told the owner of the pod where only a person can mend it. */
async function told<T>(peering: Peering, pod: KubeObject | undefined, part: () => Promise<T>): Promise<T> {
  try {
    return await part()
  } catch (error) {
    if (pod && isForPerson(error)) await warn(peering, pod, error.message)
    throw error
  }
}

async function warn(peering: Peering, pod: KubeObject, why: string): Promise<void> {
  const message = failedReflection(peering.remote.id, why)
  await tell(kind, peering, pod, { type: 'Warning', reason: 'FailedSATokensReflection', message })
}

/** A pod that will have tokens, as far as it tells itself. */
export function hasTokens(pod: KubeObject): boolean {
  return tokenSources(pod).length > 0
}
