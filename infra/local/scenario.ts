import { join } from 'node:path'
import type { StageCluster } from './clusters.ts'
import { eventually } from './eventually.ts'
import type { Found } from './kubectl.ts'
import type { Stage } from './stage.ts'

export interface Check {
  name: string
  ok: boolean
  ms: number
  why?: string
}

/** What the scenario is played with. */
export type Played = Pick<Stage, 'clusters' | 'host'>

const SHOP = join(import.meta.dirname, 'sample', 'shop.yaml')
const APPS = join(import.meta.dirname, 'sample', 'apps.yaml')
const STORE = join(import.meta.dirname, 'sample', 'store.yaml')
const MILAN = join(import.meta.dirname, 'sample', 'milan.yaml')

/** The sample namespace and what runs in it, into rome; what it finds in milan. */
export async function applySample({ clusters }: Pick<Stage, 'clusters'>): Promise<void> {
  const { kubectl } = clusters.rome!
  await kubectl(['apply', '-f', SHOP])
  await kubectl(['-n', 'shop', 'wait', '--for=jsonpath={.status.offloadingPhase}=Ready', 'nsof/offloading'])
  await kubectl(['apply', '-f', APPS])
  await clusters.milan!.kubectl(['apply', '-f', MILAN])
  await kubectl(['apply', '-f', STORE])
}

/**
 * The main job, step by step, each looked at in the other cluster: what a user does with kubectl in rome, and what has
 * to be seen in milan. Steps build on each other, so the first that fails ends the run.
 * @param tell called with every check as it ends
 */
export async function playScenario(stage: Played, tell: (check: Check) => void): Promise<Check[]> {
  const checks: Check[] = []
  for (const [name, step] of Object.entries(stepsOf(stage))) {
    const start = performance.now()
    const why = await step().then(
      () => undefined,
      (error: Error) => error.message,
    )
    const check = { name, ok: why === undefined, ms: Math.round(performance.now() - start), ...(why ? { why } : {}) }
    checks.push(check)
    tell(check)
    if (!check.ok) break
  }
  return checks
}

async function running({ kubectl }: StageCluster, namespace: string): Promise<number> {
  const names = await kubectl([
    '-n',
    namespace,
    'get',
    'pods',
    '-l',
    'app=web',
    '--field-selector',
    'status.phase=Running',
    '-o',
    'name',
  ])
  return names.trim() === '' ? 0 : names.trim().split('\n').length
}

function stepsOf({ clusters: { rome, milan }, host }: Played): Record<string, () => Promise<unknown>> {
  if (!rome || !milan) throw new TypeError('the scenario is played between rome and milan')
  const there = (kind: string, name: string, test: (found: Found) => boolean = () => true) =>
    eventually(`${kind}/${name} in milan`, async () => {
      const found = await milan.kubectl.get(kind, name, 'shop-rome')
      return found && test(found)
    })
  const gone = (kind: string, name: string) =>
    eventually(`${kind}/${name} gone from milan`, async () => !(await milan.kubectl.get(kind, name, 'shop-rome')))
  const phase = (want: string) =>
    eventually(`phase ${want}`, async () => {
      const offloading = await rome.kubectl.get('nsof', 'offloading', 'shop')
      return (offloading?.status as { offloadingPhase?: string } | undefined)?.offloadingPhase === want
    })
  const shop = (...args: string[]) => rome.kubectl(['-n', 'shop', ...args])
  const warned = (name: string) =>
    eventually(`a Warning about ${name}`, async () => {
      const events = await shop(
        'get',
        'events',
        '--field-selector',
        `type=Warning,involvedObject.name=${name}`,
        '-o',
        'name',
      )
      return events.trim() !== ''
    })

  return {
    'a namespace is offloaded, with what is in it': async () => {
      await rome.kubectl(['apply', '-f', SHOP])
      await phase('Ready')
      await there('configmap', 'settings')
      await there('secret', 'database')
      await there('service', 'web')
    },
    'a Deployment runs in milan, and is available in rome': async () => {
      await rome.kubectl(['apply', '-f', APPS])
      await shop('wait', '--for=condition=Available', '--timeout=120s', 'deployment/web')
      await eventually('two pods Running in milan', async () => (await running(milan, 'shop-rome')) === 2)
      if ((await running(rome, 'shop')) !== 2) throw new Error('rome does not show its two pods Running')
    },
    'a Job completes in milan, and so in rome': async () => {
      await shop('wait', '--for=condition=Complete', '--timeout=120s', 'job/report')
    },
    'a StatefulSet runs in milan, with its volume there': async () => {
      await milan.kubectl(['apply', '-f', MILAN])
      await rome.kubectl(['apply', '-f', STORE])
      await shop('rollout', 'status', 'statefulset/store', '--timeout=120s')
      await there('pvc', 'data-store-0', ({ status }) => (status as { phase?: string }).phase === 'Bound')
    },
    'the pods go with what they belong to': async () => {
      for (const file of [APPS, STORE]) await rome.kubectl(['delete', '-f', file, '--timeout=120s'])
      await eventually('no pods in either cluster', async () => {
        const lists = await Promise.all([
          shop('get', 'pods', '-o', 'name'),
          milan.kubectl(['-n', 'shop-rome', 'get', 'pods', '-o', 'name']),
        ])
        return lists.every((list) => list.trim() === '')
      })
    },
    'a ConfigMap is created': async () => {
      await shop('create', 'configmap', 'hello', '--from-literal=to=milan')
      await there('configmap', 'hello', ({ data }) => (data as { to?: string }).to === 'milan')
    },
    'it is updated': async () => {
      await shop('patch', 'configmap', 'hello', '--patch', '{"data":{"to":"all"}}')
      await there('configmap', 'hello', ({ data }) => (data as { to?: string }).to === 'all')
    },
    'a key of it is dropped': async () => {
      await shop('patch', 'configmap', 'hello', '--patch', '{"data":{"to":null,"from":"rome"}}')
      await there('configmap', 'hello', ({ data }) => JSON.stringify(data) === '{"from":"rome"}')
    },
    'drift in milan is repaired': async () => {
      await milan.kubectl(['-n', 'shop-rome', 'patch', 'configmap', 'hello', '--patch', '{"data":{"from":"drift"}}'])
      await there('configmap', 'hello', ({ data }) => (data as { from?: string }).from === 'rome')
    },
    'a skipped object is taken back, and reflected again': async () => {
      await shop('annotate', 'configmap', 'hello', 'liqo.io/skip-reflection=true')
      await gone('configmap', 'hello')
      await shop('annotate', 'configmap', 'hello', 'liqo.io/skip-reflection-')
      await there('configmap', 'hello')
    },
    'an object in the way is left alone, and its owner warned': async () => {
      await milan.kubectl(['-n', 'shop-rome', 'create', 'configmap', 'theirs', '--from-literal=owner=milan'])
      await shop('create', 'configmap', 'theirs', '--from-literal=owner=rome')
      await warned('theirs')
      await there('configmap', 'theirs', ({ data }) => (data as { owner?: string }).owner === 'milan')
    },
    'a ConfigMap is deleted': async () => {
      await shop('delete', 'configmap', 'hello')
      await gone('configmap', 'hello')
    },
    'a sweep finds all equal': async () => {
      const { payload } = await host.invoke('sweep', {})
      const summary = JSON.parse(payload) as Record<string, number>
      const { created = 0, updated = 0, deleted = 0, failed = 0 } = summary
      if (created + updated + deleted + failed > 0) throw new Error(`the sweep found ${payload}`)
    },
    'the namespace is taken back': async () => {
      await shop('delete', 'nsof', 'offloading')
      await eventually('shop-rome gone from milan', async () => !(await milan.kubectl.get('namespace', 'shop-rome')))
      if (!(await rome.kubectl.get('configmap', 'settings', 'shop'))) throw new Error('rome has lost its ConfigMap')
    },
  }
}
