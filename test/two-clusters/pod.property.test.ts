import fc from 'fast-check'
import { test } from 'vitest'
import { NAMESPACE_OFFLOADING, POD, SHADOW_POD } from '../../lib/cluster/resources.ts'
import { dispatchPod } from '../../lib/flows/refused/dispatch.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { networks } from '../support/networks.ts'
import {
  addVirtualNode,
  collectGarbage,
  HOME,
  homePod,
  kubelet,
  podsOf,
  REMOTE,
  settlePods,
  wakePod,
  wakeShadowPod,
} from '../support/pods.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

/** What can happen to a pod and to the events about it, in any order; whether a function hears of it is left to chance. */
type Step = (world: TwoClusters) => unknown

const steps: Record<string, Step> = {
  create: (world) => {
    if (!podsOf(world).home) world.rome.user.create(POD, homePod({ restartPolicy: 'Never' }))
  },
  'create to run for ever': (world) => {
    if (!podsOf(world).home) world.rome.user.create(POD, homePod())
  },
  delete: ({ rome }) => rome.user.delete(POD, HOME),
  'delete by force': ({ rome }) => rome.user.remove(POD, HOME),
  run: (world) => podsOf(world).remote && isOpen(world) && kubelet(world, { phase: 'Running' }),
  succeed: (world) => podsOf(world).remote && isOpen(world) && kubelet(world, { phase: 'Succeeded' }),
  fail: (world) => podsOf(world).remote && isOpen(world) && kubelet(world, { phase: 'Failed' }),
  'lose the remote pod': ({ milan }) => milan.user.remove(POD, REMOTE),
  'evict the remote pod': ({ milan }) => milan.user.delete(POD, REMOTE),
  'lose the ShadowPod': ({ milan }) => milan.user.remove(SHADOW_POD, REMOTE),
  'collect garbage': collectGarbage,
  'the kubelet confirms': (world) => {
    if (podsOf(world).remote?.metadata.deletionTimestamp) world.milan.user.remove(POD, REMOTE, 'kubelet')
  },
  'home gives it up': (world) => {
    const { phase } = (podsOf(world).home?.status ?? { phase: 'Failed' }) as { phase?: string }
    if (phase === 'Succeeded' || phase === 'Failed') return
    world.rome.user.edit(POD, HOME, (pod) => {
      pod.status = { ...(pod.status as object), phase: 'Failed' }
    })
  },
  'un-offload': ({ rome }) => rome.user.delete(NAMESPACE_OFFLOADING, { namespace: 'shop', name: 'offloading' }),
  'pod function': wakePod,
  'pod function, of the remote pod': ({ peering }) =>
    dispatchPod([peering], { cluster: 'milan', kind: 'pod', of: 'pods', namespace: 'shop-rome', names: ['web'] }),
  'shadowpod function': wakeShadowPod,
  sweep: ({ peering }) => sweep([peering], { reportOnly: false, deleteBudget: 100, log: peering.log }),
}

/** A phase that has ended is for good, on a real kubelet. */
function isOpen(world: TwoClusters): boolean {
  const { phase } = (podsOf(world).remote?.status ?? {}) as { phase?: string }
  return phase !== 'Succeeded' && phase !== 'Failed'
}

test('whatever happens to a pod, in whatever order: no pod ends twice, and both clusters agree in the end', async () => {
  const names = Object.keys(steps)
  const script = fc.array(fc.constantFrom(...names, 'pod function', 'shadowpod function', 'run'), { maxLength: 25 })
  await fc.assert(
    fc.asyncProperty(script, async (script) => {
      const world = twoClusters({ networks: networks({ internal: false }) })
      addVirtualNode(world)
      await offload(world)
      for (const name of ['create', ...script]) await steps[name]!(world)
      await settle(world)
      for (const problem of problemsOf(world)) throw new Error(problem)
    }),
    { numRuns: 300 },
  )
}, 60_000)

/** Time passes: kubelets confirm, garbage is collected, sweeps come by. */
async function settle(world: TwoClusters): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await settlePods(world)
    await steps.sweep!(world)
    collectGarbage(world)
    await steps['the kubelet confirms']!(world)
  }
}

function* problemsOf(world: TwoClusters): Generator<string> {
  const { home, shadow, remote } = podsOf(world)
  const isOffloaded = world.rome.all(NAMESPACE_OFFLOADING).length > 0
  if (!home && isOffloaded && (shadow || remote)) yield 'something is left of a pod that is gone'
  if (home?.metadata.deletionTimestamp && isOffloaded) yield 'a deleted pod hangs'
  // A home pod that has ended never opens again, and no remote pod is made for it any more.
  const ended = new Set<string>()
  for (const { resource, before, after, verb } of world.rome.changes) {
    if (resource !== POD || !before || verb !== 'update') continue
    const [was, is] = [before, after].map((pod) => (pod?.status as { phase?: string } | undefined)?.phase ?? '')
    if (['Succeeded', 'Failed'].includes(was!) && is !== was) yield `a home pod went from ${was} to ${is}`
  }
  for (const { resource, after, verb } of world.milan.changes) {
    if (resource !== POD || !after) continue
    const [owner] = (after.metadata.ownerReferences ?? []) as { uid: string }[]
    const { phase } = (after.status ?? {}) as { phase?: string }
    const hasEnd = (after.spec as { restartPolicy?: string }).restartPolicy === 'Never'
    if (verb === 'create' && owner && ended.has(owner.uid)) yield 'a pod that has ended ran again'
    if (hasEnd && owner && (phase === 'Succeeded' || phase === 'Failed')) ended.add(owner.uid)
  }
}
