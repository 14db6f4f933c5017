import { NAMESPACE } from '../../cluster/resources.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { logKey } from '../../log.ts'
import { committed } from '../../reflect/committed.ts'
import { ReflectionError } from '../../reflect/dispatch.ts'
import { HOME_NAMESPACE } from '../../reflect/pairs.ts'
import type { Peering } from '../../reflect/peering.ts'
import { fill } from './fill.ts'
import { offloadedNamespaces, offloadNamespace } from './flow.ts'
import { namespace } from './kind.ts'
import { OFFLOADING_NAME } from './name.ts'

/**
 * Serves the home namespaces that an event is about: that of a NamespaceOffloading, or the one that a Namespace is or
 * is the copy of.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchNamespace(peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const curable: string[] = []
  for (const group of Map.groupBy(peerings, ({ home }) => home).values()) {
    for (const homeNamespace of await homeNamespacesOf(group, event)) {
      curable.push(...(await serve(group, homeNamespace, event)))
    }
  }
  if (curable.length > 0) throw new ReflectionError(`namespace: ${curable.length} to try again: ${curable[0]}`)
}

async function serve(group: readonly Peering[], homeNamespace: string, event: ChangeEvent): Promise<string[]> {
  const start = performance.now()
  const home = group[0]!.home
  if (event.admitted && event.cluster === home.id && event.namespace === homeNamespace) {
    const ref = { namespace: homeNamespace, name: OFFLOADING_NAME }
    await committed(home, namespace.source.resource, ref, event.admitted)
  }
  const served = await offloadNamespace(group, homeNamespace, fill)
  const ms = Math.round((performance.now() - start) * 10) / 10
  for (const [index, { outcome }] of served.entries()) {
    const { verdict, why, writes } = outcome
    const line = { kind: 'namespace', key: `${home.id}/${homeNamespace}`, verdict, why, writes, ms }
    if (verdict === 'absent') group[index]!.log.debug('key', line)
    else logKey(group[index]!.log, line)
  }
  return served.flatMap(({ outcome, error }) => (error?.retry ? [`${homeNamespace}: ${outcome.why}`] : []))
}

/** @param group peerings of one home */
async function homeNamespacesOf(group: readonly Peering[], { cluster, namespace, names }: ChangeEvent) {
  const isHome = group[0]?.home.id === cluster
  if (namespace !== '') return isHome ? [namespace] : []
  if (isHome) return names
  const found = new Set<string>()
  for (const peering of group.filter(({ remote }) => remote.id === cluster)) {
    for (const name of names) for (const home of await originsOf(peering, name)) found.add(home)
  }
  return [...found]
}

/** A copy that is gone names its origin no more: then all that are offloaded are looked through, which is rare. */
async function originsOf(peering: Peering, name: string): Promise<string[]> {
  const copy = await peering.remote.get(NAMESPACE, { name })
  if (!copy) return offloadedNamespaces(peering)
  const origin = copy.metadata.labels?.[HOME_NAMESPACE]
  return origin === undefined ? [] : [origin]
}
