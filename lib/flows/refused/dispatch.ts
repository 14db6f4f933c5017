import { ClusterError } from '../../cluster/errors.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { pod } from '../../kinds/pod/kind.ts'
import { logKey } from '../../log.ts'
import { dispatch, ReflectionError } from '../../reflect/dispatch.ts'
import { forEach } from '../../reflect/for-each.ts'
import type { Peering } from '../../reflect/peering.ts'
import { isRefused, podsFor, refusePod } from './flow.ts'

/** Of an event: the query of the pod's record that a NamespaceOffloading answers. It is not about a pod then. */
const OFFLOADING = 'offloading' satisfies keyof typeof pod.reads

/** Pods of one event that are served at a time. */
const AT_ONCE = 16

/**
 * Serves pods: reflects those of offloaded namespaces, and answers those that were sent to a cluster in vain.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchPod(peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const curable: string[] = []
  const noting = (part: Promise<unknown>) =>
    part.catch((error) => {
      if (!(error instanceof ReflectionError)) throw error
      curable.push(error.message)
    })
  await noting(dispatch(pod, peerings, event))
  if (event.of === undefined || event.of === OFFLOADING) {
    const names = event.of === undefined ? event.names : []
    const own = peerings.filter(({ home }) => home.id === event.cluster)
    for (const peering of own) await refuse(curable, peering, event.namespace, names)
  }
  if (curable.length > 0) throw new ReflectionError(`pod: ${curable.length} to try again: ${curable[0]}`)
}

/** @param names of pods; empty: all of the namespace */
async function refuse(curable: string[], peering: Peering, namespace: string, names: readonly string[]): Promise<void> {
  const attempt = async (name: string, part: () => Promise<unknown>) => {
    try {
      await part()
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error
      if (error.retry) curable.push(`${namespace}/${name}: ${error.message}`)
      logKey(peering.log, {
        kind: 'pod',
        key: `${peering.home.id}/${namespace}/${name}`,
        verdict: 'failed',
        why: error.message,
        writes: 0,
        ms: 0,
      })
    }
  }
  await attempt('*', async () => {
    if (!(await isRefused(peering, namespace))) return
    const all = names.length > 0 ? names : (await podsFor(peering, namespace)).map(({ metadata }) => metadata.name)
    await forEach(all, AT_ONCE, (name) =>
      attempt(name, async () => {
        const start = performance.now()
        const { verdict, why, writes } = await refusePod(peering, namespace, name)
        const ms = Math.round((performance.now() - start) * 10) / 10
        const line = { kind: 'pod', key: `${peering.home.id}/${namespace}/${name}`, verdict, why, writes, ms }
        if (writes > 0) logKey(peering.log, line)
      }),
    )
  })
}
