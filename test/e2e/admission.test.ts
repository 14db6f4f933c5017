import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { type TestStage, testStage } from './stage.ts'

/** Real API servers ask the function: rome is the home, milan has a virtual node, turin is offloaded to by gates. */

const TOLERATION = { key: 'virtual-node.liqo.io/not-allowed', operator: 'Exists', effect: 'NoExecute' }
const LABEL = 'liqo.io/scheduling-enabled'

let stage: TestStage
beforeAll(async () => {
  stage = await testStage({
    remotes: ['milan', 'turin'],
    admission: true,
    nodes: { turin: 1 },
    env: {
      LOG_LEVEL: 'debug',
      NETWORKING_REFLECT_IPS: 'false',
      CLUSTER_TURIN_OFFLOADING_MODE: 'gate',
      CLUSTER_TURIN_QUOTA: 'cpu=2',
    },
  })
  for (const name of ['shop', 'plain']) await rome(['create', 'namespace', name])
})
afterAll(() => stage?.stop())

const rome = (args: readonly string[], input?: string) => stage.clusters.rome!.kubectl(args, input)
const apply = (cluster: string, object: object) =>
  stage.clusters[cluster]!.kubectl.try(['apply', '-f', '-'], JSON.stringify(object))

const selecting = (remote: string) => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key: 'liqo.io/remote-cluster-id', operator: 'In', values: [remote] }] }],
})
const offloading = (spec: object, metadata: object = {}) => ({
  apiVersion: 'offloading.liqo.io/v1beta1',
  kind: 'NamespaceOffloading',
  metadata: { name: 'offloading', namespace: 'shop', ...metadata },
  spec,
})
const podOf = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'app', image: 'web:1' }], ...spec },
})

const create = (namespace: string, pod: object) =>
  stage.clusters.rome!.cluster.call(`/api/v1/namespaces/${namespace}/pods`, { method: 'POST', body: pod })

const labelled = (want: 'true' | undefined) =>
  eventually(`label of shop ${want}`, async () => {
    const namespace = await stage.clusters.rome!.kubectl.get('namespace', 'shop')
    return namespace?.metadata.labels?.[LABEL] === want
  })

test('the pods of a Deployment, once its namespace is offloaded', async () => {
  expect(
    (await apply('rome', offloading({ podOffloadingStrategy: 'Remote', clusterSelector: selecting('milan') }))).code,
  ).toBe(0)
  await labelled('true')
  await rome(['-n', 'shop', 'create', 'deployment', 'web', '--image=web:1', '--replicas=2'])
  const pods = await eventually('two pods', async () => {
    const { items } = JSON.parse(await rome(['-n', 'shop', 'get', 'pods', '-l', 'app=web', '-o', 'json'])) as {
      items: { spec: { tolerations: object[]; affinity: object } }[]
    }
    return items.length === 2 ? items : undefined
  })
  for (const { spec } of pods) {
    expect(spec.tolerations).toContainEqual(TOLERATION)
    const terms = [
      {
        matchExpressions: [
          ...selecting('milan').nodeSelectorTerms[0]!.matchExpressions,
          { key: 'liqo.io/type', operator: 'In', values: ['virtual-node'] },
        ],
      },
    ]
    expect(spec.affinity).toEqual({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
    })
  }
})

test('a change of strategy comes with a warning that the user sees', async () => {
  const { code, stderr } = await apply('rome', offloading({ podOffloadingStrategy: 'Local' }))
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Warning: The PodOffloadingStrategy') })
  await labelled(undefined)
  const { body } = await create('shop', podOf('local'))
  expect(body.spec.tolerations).not.toContainEqual(TOLERATION)
})

test('a pod for a gated cluster waits for no node of its own', async () => {
  const spec = { podOffloadingStrategy: 'Remote', clusterSelector: selecting('turin') }
  expect((await apply('rome', offloading(spec))).code).toBe(0)
  await labelled('true')
  const { status, body } = await create('shop', podOf('gated'))
  expect(status).toBe(201)
  expect(body.spec.schedulingGates).toEqual([{ name: 'offloading.heliograph.io/turin' }])
  await eventually('SchedulingGated', async () => {
    const pod = await stage.clusters.rome!.kubectl.get('pod', 'gated', 'shop')
    const { conditions = [] } = (pod?.status ?? {}) as { conditions?: { reason?: string }[] }
    return conditions.some(({ reason }) => reason === 'SchedulingGated')
  })
})

test('a Deployment whose pods are gated becomes available, with nothing scheduled at home', async () => {
  const labels = { app: 'gated-web' }
  const containers = [{ name: 'app', image: 'web:1', resources: { requests: { cpu: '100m' } } }]
  const spec = {
    replicas: 2,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  }
  const metadata = { name: 'gated-web', namespace: 'shop' }
  expect((await apply('rome', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })).code).toBe(0)
  await rome(['-n', 'shop', 'wait', '--for=condition=Available', '--timeout=60s', 'deployment/gated-web'])
  const { items } = JSON.parse(await rome(['-n', 'shop', 'get', 'pods', '-l', 'app=gated-web', '-o', 'json'])) as {
    items: { spec: { nodeName?: string }; status: { phase: string; podIP?: string } }[]
  }
  expect(items.map((pod) => [pod.spec.nodeName, pod.status.phase, pod.status.podIP ?? ''])).toEqual([
    [undefined, 'Running', ''],
    [undefined, 'Running', ''],
  ])
  await rome(['-n', 'shop', 'delete', 'deployment', 'gated-web'])
})

test('a system namespace is not offloaded', async () => {
  const { code, stderr } = await apply('rome', offloading({}, { namespace: 'kube-system' }))
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('belongs to Kubernetes') })
})

test('a ShadowPod: origin, quota and what may change', async () => {
  const shadowPod = (name: string, { origin = 'rome', cpu = '1', image = 'web:1' } = {}) => ({
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'ShadowPod',
    metadata: {
      name,
      namespace: 'shop-rome',
      // No destination: as it is not a copy of a home pod, the function of pods leaves it alone.
      labels: { 'offloading.liqo.io/origin': origin },
    },
    spec: { pod: { containers: [{ name: 'app', image, resources: { requests: { cpu } } }] } },
  })
  const ask = async (object: object) => {
    const { code, stderr } = await apply('turin', object)
    return code === 0 ? 'ok' : stderr
  }
  await eventually('shop-rome in turin', () => stage.clusters.turin!.kubectl.get('namespace', 'shop-rome'))
  expect(await ask(shadowPod('alien', { origin: 'oslo' }))).toContain('is not one for pods of cluster oslo')
  expect(await ask(shadowPod('large', { cpu: '3' }))).toContain('quota of cluster rome exceeded: cpu: 3 requested')
  expect(await ask(shadowPod('one', { cpu: '100m' }))).toBe('ok')
  expect(await ask(shadowPod('one', { cpu: '100m', image: 'web:2' }))).toBe('ok')
  expect(await ask(shadowPod('one', { cpu: '200m' }))).toContain('spec.pod cannot be changed')
})

test('a broken function blocks the pods of offloaded namespaces, and no others', async () => {
  await stage.functionsDown()
  try {
    const { status, body } = await create('shop', podOf('blocked'))
    expect({ status, message: body.message }).toEqual({
      status: 500,
      message: expect.stringContaining('pod.mutate.heliograph.io'),
    })
    expect((await create('plain', podOf('free'))).status).toBe(201)
    expect((await create('kube-system', podOf('system'))).status).toBe(201)
    expect((await apply('rome', offloading({}, { namespace: 'plain' }))).code).toBe(0)
  } finally {
    await stage.functionsUp()
  }
  expect((await create('shop', podOf('blocked'))).status).toBe(201)
})

test('a label left behind on a namespace that is not offloaded blocks nothing', async () => {
  await rome(['create', 'namespace', 'left'])
  await rome(['label', 'namespace', 'left', `${LABEL}=true`])
  await eventually('its default ServiceAccount', () =>
    stage.clusters.rome!.kubectl.get('serviceaccount', 'default', 'left'),
  )
  const { status, body } = await create('left', podOf('free'))
  expect(status).toBe(201)
  expect(body.spec.tolerations).not.toContainEqual(TOLERATION)
})
