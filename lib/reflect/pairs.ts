import { ForbiddenError, UnreachableError } from '../cluster/errors.ts'
import type { KubeObject } from '../cluster/port.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING } from '../cluster/resources.ts'
import { OFFLOADING_NAME } from '../flows/namespace/name.ts'
import { DESTINATION, ORIGIN } from '../kinds/meta.ts'
import type { Pair, Peering } from './peering.ts'

/** Label of a remote namespace: the home namespace it copies. A label, so that one list call finds the pair. */
export const HOME_NAMESPACE = 'heliograph.io/home-namespace'

/** Label selector of all remote namespaces of a peering, or of the copy of one home namespace. */
export function pairSelector(peering: Peering, homeNamespace?: string): string {
  const all = `${ORIGIN}=${peering.home.id},${DESTINATION}=${peering.remote.id}`
  return homeNamespace === undefined ? `${all},${HOME_NAMESPACE}` : `${all},${HOME_NAMESPACE}=${homeNamespace}`
}

/** The remote namespaces of a peering, or those of one home namespace; terminating ones too. */
export async function remoteNamespaces(peering: Peering, homeNamespace?: string): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  const options = { labelSelector: pairSelector(peering, homeNamespace) }
  for await (const page of peering.remote.list(NAMESPACE, options)) found.push(...page)
  return found
}

/** The pair that a remote namespace makes; undefined when it is not of this peering or is being deleted. */
export function toPair(peering: Peering, namespace: KubeObject): Pair | undefined {
  const labels = namespace.metadata.labels ?? {}
  const homeNamespace = labels[HOME_NAMESPACE]
  const ours = labels[ORIGIN] === peering.home.id && labels[DESTINATION] === peering.remote.id
  if (!ours || homeNamespace === undefined || namespace.metadata.deletionTimestamp) return undefined
  return { homeNamespace, remoteNamespace: namespace.metadata.name }
}

/**
 * Where a home namespace is reflected to now; undefined when it is not. One list call. Where the remote cluster gives no
 * answer home has one for most: what is not offloaded is nothing to try again for, and the sweep is the guarantee for
 * what may be left of it over there.
 * @throws UnreachableError when the remote cluster gives no answer about a namespace that is offloaded
 */
export async function findPair(peering: Peering, homeNamespace: string): Promise<Pair | undefined> {
  let namespaces: KubeObject[]
  try {
    namespaces = await remoteNamespaces(peering, homeNamespace)
  } catch (error) {
    if (error instanceof UnreachableError && !(await mayBeOffloaded(peering, homeNamespace))) return undefined
    throw error
  }
  return namespaces.map((namespace) => toPair(peering, namespace)).find((pair) => pair !== undefined)
}

async function mayBeOffloaded({ home }: Peering, homeNamespace: string): Promise<boolean> {
  try {
    return (await home.get(NAMESPACE_OFFLOADING, { namespace: homeNamespace, name: OFFLOADING_NAME })) !== undefined
  } catch (error) {
    // The rights are of a version before: home does not tell.
    if (error instanceof ForbiddenError) return true
    throw error
  }
}

/** Which pair a remote namespace belongs to; undefined when to none of this peering. One read. */
export async function pairOfRemote(peering: Peering, remoteNamespace: string): Promise<Pair | undefined> {
  const namespace = await peering.remote.get(NAMESPACE, { name: remoteNamespace })
  return namespace && toPair(peering, namespace)
}

/** Answers where a home namespace is reflected to, for one invocation. */
export interface PairScope {
  /** May be what an earlier invocation saw: where to look while the pair is confirmed. */
  remembered(): Promise<Pair | undefined>
  /** Read since this invocation began: needed before anything is made of what was seen. */
  confirmed(): Promise<Pair | undefined>
}

const memory = new WeakMap<Peering, Map<string, Pair>>()

/** @param seen the pair, where the caller has just read it */
export function pairScope(peering: Peering, homeNamespace: string, seen?: Pair): PairScope {
  const known = memory.get(peering) ?? new Map<string, Pair>()
  memory.set(peering, known)
  let reading = seen && Promise.resolve<Pair | undefined>(seen)
  const confirmed = () => {
    reading ??= confirm(peering, homeNamespace, known.get(homeNamespace)).then((pair) => {
      if (pair) known.set(homeNamespace, pair)
      else known.delete(homeNamespace)
      return pair
    })
    return reading
  }
  return { confirmed, remembered: async () => seen ?? known.get(homeNamespace) ?? (await confirmed()) }
}

/**
 * What is remembered is read by its name, which an API server answers at once: a list waits until the server's cache has
 * seen every write of the cluster, some 90 ms under load (kube-apiserver 1.36).
 */
async function confirm(peering: Peering, homeNamespace: string, known: Pair | undefined): Promise<Pair | undefined> {
  const pair = known && (await pairOfRemote(peering, known.remoteNamespace))
  return pair?.homeNamespace === homeNamespace ? pair : findPair(peering, homeNamespace)
}
