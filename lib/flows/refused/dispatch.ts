import { ClusterError } from '../../cluster/errors.ts'
import { NAMESPACE } from '../../cluster/resources.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { pod } from '../../kinds/pod/kind.ts'
import { logKey } from '../../log.ts'
import { committed } from '../../reflect/committed.ts'
import { dispatch, ReflectionError } from '../../reflect/dispatch.ts'
import { forEach } from '../../reflect/for-each.ts'
import type { Peering } from '../../reflect/peering.ts'
import { isRefused, podsFor, refusePod } from './flow.ts'

/** Of an event: queries of the pod's record that are answered here. It is not about a pod then. */
const OFFLOADING = 'offloading' satisfies keyof typeof pod.reads
const COPIES = 'copies' satisfies keyof typeof pod.reads

/** Namespaces of one event, and pods of one namespace, that are served at a time. */
const AT_ONCE = 16

/**
 * Serves pods: reflects those of offloaded namespaces, and answers those that were sent to a cluster in vain.
 * @throws ReflectionError when something may succeed on redelivery
 */
export async function dispatchPod(peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const curable: string[] = []
  if (event.of === COPIES) {
    const theirs = peerings.filter(({ remote }) => remote.id === event.cluster)
    for (const peering of theirs) await refuseWithoutCopy(curable, peering, event)
  } else {
    await dispatch(pod, peerings, event).catch((error) => {
      if (!(error instanceof ReflectionError)) throw error
      curable.push(error.message)
    })
  }
  if (event.of === undefined || event.of === OFFLOADING) {
    const names = event.of === undefined ? event.names : []
    const own = peerings.filter(({ home }) => home.id === event.cluster)
    for (const peering of own) await refuse(curable, peering, event.namespace, names)
  }
  if (curable.length > 0) throw new ReflectionError(`pod: ${curable.length} to try again: ${curable[0]}`)
}

/** Remote namespaces have changed. One that is gone does not say whose it was: all pods that may have waited for it. */
async function refuseWithoutCopy(curable: string[], peering: Peering, { names, admitted }: ChangeEvent): Promise<void> {
  await attempt(curable, peering, '*/*', async () => {
    const isThere = async (name: string) => {
      if (admitted) await committed(peering.remote, NAMESPACE, { name }, admitted)
      return (await peering.remote.get(NAMESPACE, { name })) !== undefined
    }
    const there = await Promise.all(names.map(isThere))
    if (there.every(Boolean)) return
    const pods = Map.groupBy(await podsFor(peering), ({ metadata }) => metadata.namespace ?? '')
    await forEach(pods, AT_ONCE, ([namespace, all]) =>
      refuse(
        curable,
        peering,
        namespace,
        all.map(({ metadata }) => metadata.name),
      ),
    )
  })
}

/** @param names of pods; empty: all of the namespace */
async function refuse(curable: string[], peering: Peering, namespace: string, names: readonly string[]): Promise<void> {
  await attempt(curable, peering, `${namespace}/*`, async () => {
    if (!(await isRefused(peering, namespace))) return
    const all = names.length > 0 ? names : (await podsFor(peering, namespace)).map(({ metadata }) => metadata.name)
    await forEach(all, AT_ONCE, (name) =>
      attempt(curable, peering, `${namespace}/${name}`, async () => {
        const start = performance.now()
        const { verdict, why, writes } = await refusePod(peering, namespace, name)
        const ms = Math.round((performance.now() - start) * 10) / 10
        const line = { kind: 'pod', key: `${peering.home.id}/${namespace}/${name}`, verdict, why, writes, ms }
        if (writes > 0) logKey(peering.log, line)
      }),
    )
  })
}

/** Runs one part; an error stays with it. @param what namespace and name, e.g. `shop/web` */
async function attempt(curable: string[], peering: Peering, what: string, part: () => Promise<unknown>): Promise<void> {
  try {
    await part()
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error
    if (error.retry) curable.push(`${what}: ${error.message}`)
    const key = `${peering.home.id}/${what}`
    logKey(peering.log, { kind: 'pod', key, verdict: 'failed', why: error.message, writes: 0, ms: 0 })
  }
}
