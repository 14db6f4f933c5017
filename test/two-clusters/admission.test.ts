import { beforeEach, describe, expect, test } from 'vitest'
import { toAmounts } from '../../lib/capacity/amounts.ts'
import { ForbiddenError, KindMissingError, UnreachableError } from '../../lib/cluster/errors.ts'
import { NAMESPACE, NAMESPACE_OFFLOADING, SHADOW_POD } from '../../lib/cluster/resources.ts'
import type { Offer } from '../../lib/config/offloading.ts'
import { admission } from '../../lib/flows/admission/function.ts'
import type { HttpResponse } from '../../lib/handler/http.ts'
import { logger } from '../../lib/log.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { plainSecrets } from '../support/secrets.ts'
import { offloading, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

let world: TwoClusters
beforeEach(() => {
  world = twoClusters()
})

interface Call {
  cluster?: 'rome' | 'milan' | 'nobody'
  peering?: Peering
  offer?: Partial<Offer>
  /** Over the headers with the token. */
  event?: object
}

/** Calls the function as the API server of a cluster does. */
async function call(body: unknown, { cluster = 'rome', peering = world.peering, offer = {}, event = {} }: Call = {}) {
  const lines: string[] = []
  const handler = admission({
    log: logger('debug', (line) => lines.push(line)),
    clusters: ['rome', 'milan'].map((id) => ({ id, webhookTokens: [`${id}-token`] })),
    secrets: plainSecrets,
    settings: {
      peerings: [peering],
      offers: { milan: { mode: 'virtual-node', ...offer } },
      runtimeClass: 'liqo',
    },
  })
  const request = {
    rawPath: '/',
    requestContext: { http: { method: 'POST' } },
    headers: { authorization: `Bearer ${cluster}-token`, 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...event,
  }
  const invocation = { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 }
  const { statusCode, body: answer } = (await handler(request, invocation)) as HttpResponse
  const { response } = JSON.parse(answer)
  return { status: statusCode, response, lines, patch: response?.patch && JSON.parse(atob(response.patch)) }
}

function review(resource: string, request: object = {}) {
  const [plural, ...group] = resource.split('.')
  const common = { uid: 'u-1', operation: 'CREATE', namespace: 'shop', userInfo: { username: 'someone' } }
  const what = { resource: { group: group.join('.'), version: 'v1', resource: plural } }
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...common, ...what, ...request } }
}
const pod = (spec: object = {}) => ({ metadata: { generateName: 'web-' }, spec: { containers: [], ...spec } })
const podReview = (spec: object = {}, request: object = {}) => review('pods', { object: pod(spec), ...request })
const TOLERATION = { key: 'virtual-node.liqo.io/not-allowed', operator: 'Exists', effect: 'NoExecute' }
const PASSED = { uid: 'u-1', allowed: true }

describe('pods', () => {
  test('are changed in a namespace that is offloaded', async () => {
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading())
    const { status, response, patch } = await call(podReview({ tolerations: [{ key: 'a' }] }))
    expect({ status, uid: response.uid, allowed: response.allowed }).toEqual({ status: 200, uid: 'u-1', allowed: true })
    expect(response.patchType).toBe('JSONPatch')
    expect(patch).toEqual([{ op: 'add', path: '/spec/tolerations', value: [{ key: 'a' }, TOLERATION] }])
  })

  test('are gated where the cluster is', async () => {
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading({ podOffloadingStrategy: 'Remote' }))
    const { patch } = await call(podReview(), { offer: { mode: 'gate' } })
    const value = [{ name: 'offloading.heliograph.io/milan' }]
    expect(patch).toEqual([{ op: 'add', path: '/spec/schedulingGates', value }])
  })

  test('leave nothing of what they hold in the log', async () => {
    world.rome.user.create(NAMESPACE_OFFLOADING, offloading())
    const secret = 'hunter2'
    const { lines } = await call(podReview({ containers: [{ env: [{ name: 'PASSWORD', value: secret }] }] }))
    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain(secret)
  })

  const down = () => ({ error: new UnreachableError('rome', 'connection refused') })
  test.each<{ name: string; body: object; call?: () => Call }>([
    { name: 'without a NamespaceOffloading', body: podReview() },
    {
      name: 'in a system namespace, whatever happens',
      body: podReview({}, { namespace: 'kube-system' }),
      call: () => ({ peering: { ...world.peering, home: world.rome.connect(down) } }),
    },
    { name: 'of a cluster that extends into none', body: podReview(), call: () => ({ cluster: 'milan' }) },
    { name: 'on their way out', body: podReview({}, { operation: 'DELETE', object: null, oldObject: pod() }) },
    { name: 'of a subresource', body: podReview({}, { subResource: 'binding' }) },
    { name: 'of another kind', body: review('services', { object: pod() }) },
    {
      name: 'where the custom resource is missing',
      body: podReview(),
      call: () => {
        const missing = () => ({ error: new KindMissingError('rome', 'no such kind') })
        return { peering: { ...world.peering, home: world.rome.connect(missing) } }
      },
    },
  ])('pass $name', async ({ body, call: how }) => {
    const { status, response } = await call(body, how?.())
    expect({ status, response }).toEqual({ status: 200, response: PASSED })
  })

  test.each([
    { error: new UnreachableError('rome', 'connection refused'), want: 503 },
    { error: new ForbiddenError('rome', 'may not'), want: 500 },
  ])('are left to the failurePolicy when the offloading cannot be read ($want)', async ({ error, want }) => {
    const home = world.rome.connect(() => ({ error }))
    expect(await call(podReview(), { peering: { ...world.peering, home } })).toMatchObject({ status: want })
  })
})

describe('who calls', () => {
  const unsigned = { headers: { 'content-type': 'application/json' } }
  test.each<{ name: string; event: object; want: number }>([
    { name: 'token in the path', event: { ...unsigned, rawPath: '/token/rome-token' }, want: 200 },
    { name: 'no token', event: unsigned, want: 401 },
    { name: 'a wrong token', event: { headers: { authorization: 'Bearer wrong' } }, want: 401 },
    { name: 'GET', event: { requestContext: { http: { method: 'GET' } } }, want: 405 },
    { name: 'no JSON', event: { body: '{' }, want: 400 },
    { name: 'no review', event: { body: '{"kind":"EventList"}' }, want: 400 },
    { name: 'too much', event: { body: 'x'.repeat(5 * 1024 * 1024 + 1) }, want: 413 },
  ])('$name: $want', async ({ event, want }) => {
    expect(await call(podReview(), { event })).toMatchObject({ status: want })
  })
})

describe('a NamespaceOffloading', () => {
  const RESOURCE = 'namespaceoffloadings.offloading.liqo.io'
  test('is checked', async () => {
    const object = { metadata: { name: 'other' }, spec: {} }
    const { response } = await call(review(RESOURCE, { object }))
    const message = 'NamespaceOffloading name must match offloading'
    expect(response).toEqual({ uid: 'u-1', allowed: false, status: { code: 403, reason: 'Forbidden', message } })
  })

  test('in a system namespace is refused', async () => {
    const { response } = await call(
      review(RESOURCE, { namespace: 'kube-system', object: offloading({}, 'kube-system') }),
    )
    expect(response.allowed).toBe(false)
  })

  test('that keeps more pods at home comes with a warning', async () => {
    const change = { operation: 'UPDATE', oldObject: offloading({ podOffloadingStrategy: 'LocalAndRemote' }) }
    const { response } = await call(
      review(RESOURCE, { ...change, object: offloading({ podOffloadingStrategy: 'Local' }) }),
    )
    expect(response.allowed).toBe(true)
    expect(response.warnings).toHaveLength(1)
  })
})

describe('a ShadowPod', () => {
  const RESOURCE = 'shadowpods.offloading.liqo.io'
  const shadowPod = (name: string, cpu = '1') => ({
    metadata: { name, namespace: 'shop-rome', labels: { 'offloading.liqo.io/origin': 'rome' } },
    spec: { pod: { containers: [{ name: 'app', image: 'web:1', resources: { limits: { cpu } } }] } },
  })
  const ask = (object: object, more: Call = {}, request: object = {}) =>
    call(review(RESOURCE, { namespace: 'shop-rome', object, ...request }), { cluster: 'milan', ...more })
  beforeEach(() => {
    const labels = { 'liqo.io/remote-cluster-id': 'rome' }
    world.milan.user.create(NAMESPACE, { metadata: { name: 'shop-rome', labels } })
    world.milan.user.create(NAMESPACE, { metadata: { name: 'theirs' } })
  })

  test('in a namespace for its origin', async () => {
    expect((await ask(shadowPod('web'))).response).toEqual(PASSED)
    expect((await ask(shadowPod('web'), {}, { namespace: 'theirs' })).response.allowed).toBe(false)
    expect((await ask({ ...shadowPod('web'), metadata: { name: 'web' } })).response.allowed).toBe(false)
  })

  test('within the quota of its origin, over all namespaces', async () => {
    const offer = { quota: toAmounts({ cpu: '2' }) }
    const other = (name: string, namespace: string, origin: string) => {
      const metadata = { name, namespace, labels: { 'offloading.liqo.io/origin': origin } }
      world.milan.user.create(SHADOW_POD, { ...shadowPod(name), metadata })
    }
    other('a', 'theirs', 'rome')
    other('b', 'theirs', 'oslo')
    expect((await ask(shadowPod('web'), { offer })).response).toEqual(PASSED)
    other('c', 'shop-rome', 'rome')
    const { response } = await ask(shadowPod('web'), { offer })
    expect(response.status.message).toBe('quota of cluster rome exceeded: cpu: 1 requested, 0 of 2 left')
    expect((await ask(shadowPod('web'))).response).toEqual(PASSED)
  })

  test('keeps its spec', async () => {
    const change = { operation: 'UPDATE', oldObject: shadowPod('web') }
    expect((await ask(shadowPod('web'), {}, change)).response).toEqual(PASSED)
    expect((await ask(shadowPod('web', '2'), {}, change)).response.allowed).toBe(false)
  })

  test('may always go', async () => {
    const { response } = await ask({}, {}, { operation: 'DELETE', object: null, oldObject: shadowPod('web') })
    expect(response).toEqual(PASSED)
  })

  test('has no place in a cluster that none extends into', async () => {
    expect((await ask(shadowPod('web'), { cluster: 'rome' })).response.allowed).toBe(false)
  })
})
