import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { NOWHERE } from '../../test/support/secrets.ts'
import type { HttpResponse } from '../handler/http.ts'
import { logger } from '../log.ts'
import { Bus, hang, refuse, takeExcept } from './bus.fixture.ts'
import type { ChangeEvent } from './change.ts'
import { type WebhookConfig, webhook } from './webhook.ts'

const bus = new Bus()
let lines: Record<string, unknown>[] = []
beforeAll(() => bus.start())
beforeEach(() => {
  bus.clear()
  lines = []
})
afterAll(() => bus.stop())

const config: WebhookConfig = {
  clusters: [
    { id: 'rome', webhookTokens: ['rome-token'], eksName: 'rome-prod' },
    { id: 'milan', webhookTokens: ['milan-token'] },
  ],
  eventBusName: 'heliograph',
  triggers: [
    { kind: 'configmap', group: '', plural: 'configmaps' },
    { kind: 'pod', group: '', plural: 'pods' },
  ],
  secrets: NOWHERE,
}
const handler = webhook(config, { log: logger('debug', (line) => lines.push(JSON.parse(line))) })
const invocation = { awsRequestId: 'r', getRemainingTimeInMillis: () => 10_000 }

/** An HTTP request as an HTTP API or a Function URL passes it on. */
function http(body: unknown, headers: Record<string, string> = {}, more: object = {}) {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', authorization: 'Bearer rome-token', ...headers },
    requestContext: { http: { method: 'POST', path: '/', protocol: 'HTTP/1.1', sourceIp: '203.0.113.7' } },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    isBase64Encoded: false,
    ...more,
  }
}

async function call(
  event: object,
  context = invocation,
): Promise<{ status: number; body: unknown; headers: Record<string, string> }> {
  const { statusCode, body, headers } = (await handler(event, context)) as HttpResponse
  return { status: statusCode, body: JSON.parse(body), headers }
}

const audit = (name: string, more: object = {}) => ({
  level: 'Metadata',
  auditID: crypto.randomUUID(),
  stage: 'ResponseComplete',
  requestURI: `/api/v1/namespaces/shop/configmaps/${name}`,
  verb: 'update',
  user: { username: 'admin' },
  userAgent: 'kubectl/v1.36.3',
  objectRef: { resource: 'configmaps', namespace: 'shop', name, apiVersion: 'v1' },
  responseStatus: { code: 200 },
  ...more,
})
const list = (...items: unknown[]) => ({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items })
const review = {
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  request: {
    uid: '705ab4f5',
    resource: { group: '', version: 'v1', resource: 'pods' },
    name: 'web-0',
    namespace: 'shop',
    operation: 'UPDATE',
    object: { spec: { password: 'hunter2' } },
    oldObject: { metadata: { name: 'web-0', namespace: 'shop', resourceVersion: '7' }, spec: { password: 'hunter2' } },
    options: { fieldManager: 'kubectl-edit' },
  },
}
const allowed = {
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  response: { uid: '705ab4f5', allowed: true },
}
const cloudEvent = {
  specversion: '1.0',
  id: '1',
  source: 'https://10.96.0.1:443',
  type: 'dev.knative.apiserver.resource.update',
  subject: '/apis/v1/namespaces/shop/pods/web-0',
  data: { kind: 'Pod', spec: { password: 'hunter2' } },
}
const logs = (logGroup: string, ...events: unknown[]) => ({
  awslogs: {
    data: gzipSync(
      JSON.stringify({
        ...{ messageType: 'DATA_MESSAGE', owner: '1', logGroup, logStream: 'kube-apiserver-audit-1' },
        logEvents: events.map((event) => ({ id: '1', timestamp: 1, message: JSON.stringify(event) })),
      }),
    ).toString('base64'),
  },
})

const cfg = (...names: string[]): ChangeEvent => ({ cluster: 'rome', kind: 'configmap', namespace: 'shop', names })
const pod: ChangeEvent = { cluster: 'rome', kind: 'pod', namespace: 'shop', names: ['web-0'] }
const summary = (received: number, forwarded: number) => ({ received, forwarded })

const rows: { name: string; given: object; body: unknown; taken: ChangeEvent[] }[] = [
  {
    name: 'an audit batch',
    given: http(list(audit('a'), audit('b'), audit('a'))),
    body: summary(3, 1),
    taken: [cfg('a', 'b')],
  },
  {
    name: 'a batch without anything of interest',
    given: http(list(audit('a', { verb: 'get' }))),
    body: summary(1, 0),
    taken: [],
  },
  { name: 'an empty batch', given: http(list()), body: summary(0, 0), taken: [] },
  {
    name: 'the cluster is that of the credential',
    given: http(list(audit('a')), { authorization: 'Bearer milan-token' }),
    body: summary(1, 1),
    taken: [{ ...cfg('a'), cluster: 'milan' }],
  },
  {
    name: 'a batch with a poisoned item',
    given: http(list(audit('a'), { verb: {} }, 7)),
    body: summary(3, 1),
    taken: [cfg('a')],
  },
  {
    name: 'base64 and gzip',
    given: http(
      gzipSync(JSON.stringify(list(audit('a')))).toString('base64'),
      { 'content-encoding': 'gzip' },
      { isBase64Encoded: true },
    ),
    body: summary(1, 1),
    taken: [cfg('a')],
  },
  {
    name: 'a content type with parameters',
    given: http(list(audit('a')), { 'content-type': 'Application/JSON; charset=utf-8' }),
    body: summary(1, 1),
    taken: [cfg('a')],
  },
  {
    name: 'a review',
    given: http(review),
    body: allowed,
    taken: [{ ...pod, admitted: { operation: 'UPDATE', resourceVersion: '7' } }],
  },
  {
    name: 'a review by a URL with the token, as EKS has to call',
    given: http(review, { authorization: '' }, { rawPath: '/token/milan-token' }),
    body: allowed,
    taken: [{ ...pod, cluster: 'milan', admitted: { operation: 'UPDATE', resourceVersion: '7' } }],
  },
  {
    name: 'a review that cannot be read beyond its uid',
    given: http({ ...review, request: { uid: '705ab4f5', operation: 'EVICT' } }),
    body: allowed,
    taken: [],
  },
  {
    name: 'a structured CloudEvent',
    given: http(cloudEvent, { 'content-type': 'application/cloudevents+json; charset=UTF-8' }),
    body: summary(1, 1),
    taken: [pod],
  },
  {
    name: 'a batch of CloudEvents',
    given: http([cloudEvent, { ...cloudEvent, subject: 'x' }, cloudEvent], {
      'content-type': 'application/cloudevents-batch+json',
    }),
    body: summary(3, 1),
    taken: [pod],
  },
  {
    name: 'a binary CloudEvent, whose body is left unread',
    given: http('no JSON', { 'ce-specversion': '1.0', 'ce-type': cloudEvent.type, 'ce-subject': cloudEvent.subject }),
    body: summary(1, 1),
    taken: [pod],
  },
]

test.each(rows)('200: $name', async ({ given, body, taken }) => {
  expect(await call(given)).toEqual({ status: 200, body, headers: { 'content-type': 'application/json' } })
  expect(bus.taken).toEqual(taken)
  expect(JSON.stringify([lines, bus.calls])).not.toMatch(/hunter2|-token/)
})

test('of a cluster that is no home, what only homes tell is dropped', async () => {
  const triggers = [
    { kind: 'configmap', side: 'home', group: '', plural: 'configmaps' },
    { kind: 'copy', side: 'remote', group: '', plural: 'configmaps' },
  ] as const
  const handler = webhook({ ...config, triggers, roles: { rome: ['remote'] } }, { log: logger('silent') })
  await handler(http(list(audit('a'))), invocation)
  expect(bus.taken.map(({ kind }) => kind)).toEqual(['copy'])
})

test('one line tells what arrived, with the first item that could not be read', async () => {
  await call(http(list(audit('a'), { verb: {} }, 7)))
  expect(lines).toEqual([
    {
      ...{ time: expect.any(String), level: 'warn', msg: 'received', ms: expect.any(Number) },
      ...{ cluster: 'rome', form: 'audit', received: 3, forwarded: 1, unreadable: 2 },
      why: 'items[1].stage: Invalid input: expected string, received undefined',
    },
  ])
})

const types = 'application/json, application/cloudevents+json, application/cloudevents-batch+json'
const refusals: { name: string; given: object; status: number; error: string }[] = [
  {
    name: 'another method',
    given: http('', {}, { requestContext: { http: { method: 'GET' } } }),
    status: 405,
    error: 'method: expected POST',
  },
  {
    name: 'no credential, whatever the body',
    given: http('no JSON', { authorization: '' }),
    status: 401,
    error: 'a valid credential is required: Authorization: Bearer <token>',
  },
  {
    name: 'a wrong credential, whatever the body',
    given: http('no JSON', { authorization: 'Bearer wrong' }),
    status: 401,
    error: 'a valid credential is required: Authorization: Bearer <token>',
  },
  {
    name: 'no content type',
    given: http(list(), { 'content-type': '' }),
    status: 415,
    error: `content-type: expected ${types}`,
  },
  {
    name: 'another one',
    given: http('a: 1', { 'content-type': 'text/yaml' }),
    status: 415,
    error: `content-type: expected ${types}`,
  },
  {
    name: 'another encoding',
    given: http(list(), { 'content-encoding': 'br' }),
    status: 415,
    error: 'content-encoding: expected gzip or none',
  },
  { name: 'no JSON', given: http('{"kind": hunter2'), status: 400, error: 'body: expected JSON' },
  {
    name: 'no known kind',
    given: http({ kind: 'hunter2' }),
    status: 400,
    error: 'kind: expected EventList (audit.k8s.io/v1) or AdmissionReview (admission.k8s.io/v1)',
  },
  {
    name: 'no object',
    given: http('null'),
    status: 400,
    error: 'kind: expected EventList (audit.k8s.io/v1) or AdmissionReview (admission.k8s.io/v1)',
  },
  {
    name: 'an older version',
    given: http({ ...list(), apiVersion: 'audit.k8s.io/v1beta1' }),
    status: 400,
    error: 'apiVersion: Invalid input: expected "audit.k8s.io/v1"',
  },
  {
    name: 'a list that is none',
    given: http({ ...list(), items: 'hunter2' }),
    status: 400,
    error: 'items: Invalid input: expected array, received string',
  },
  {
    name: 'a review without uid',
    given: http({ ...review, request: { ...review.request, uid: undefined } }),
    status: 400,
    error: 'request.uid: Invalid input: expected string, received undefined',
  },
  {
    name: 'a CloudEvent of another version',
    given: http({ ...cloudEvent, specversion: '0.3' }, { 'content-type': 'application/cloudevents+json' }),
    status: 400,
    error: 'specversion: Invalid input: expected "1.0"',
  },
  {
    name: 'a binary CloudEvent without subject',
    given: http('', { 'ce-specversion': '1.0', 'ce-type': cloudEvent.type }),
    status: 400,
    error: 'headers.ce.subject: expected the path of an object, e.g. /apis/v1/namespaces/default/pods/foo',
  },
  {
    name: 'a batch that is none',
    given: http(cloudEvent, { 'content-type': 'application/cloudevents-batch+json' }),
    status: 400,
    error: 'body: Invalid input: expected array, received object',
  },
  {
    name: 'too many bytes',
    given: http(' '.repeat(5 * 1024 * 1024 + 1)),
    status: 413,
    error: 'body: expected at most 5242880 bytes',
  },
  {
    name: 'too many bytes once unpacked',
    given: http(
      gzipSync(Buffer.alloc(6 * 1024 * 1024)).toString('base64'),
      { 'content-encoding': 'gzip' },
      { isBase64Encoded: true },
    ),
    status: 413,
    error: 'body: expected at most 5242880 bytes',
  },
  {
    name: 'too many items',
    given: http(list(...Array(5001).fill(0))),
    status: 413,
    error: 'items: expected at most 5000',
  },
]

test.each(refusals)('$status: $name', async ({ given, status, error }) => {
  expect(await call(given)).toMatchObject({ status, body: { error } })
  expect(bus.calls).toEqual([])
  expect(lines).toMatchObject([{ level: 'warn', msg: 'failed', why: error }])
  expect(JSON.stringify(lines)).not.toMatch(/hunter2|wrong/)
})

test('5,000 items of as many namespaces are put', async () => {
  const items = Array.from({ length: 5000 }, (_, index) =>
    audit('a', { objectRef: { resource: 'configmaps', namespace: `ns-${index}`, name: 'a' } }),
  )
  // As much time as a loaded machine may need.
  const patient = { ...invocation, getRemainingTimeInMillis: () => 60_000 }
  expect(await call(http(list(...items)), patient)).toMatchObject({ status: 200, body: summary(5000, 5000) })
  expect(new Set(bus.taken.map((change) => change.namespace)).size).toBe(5000)
})

test('503 when the bus does not take all, so that the API server sends it again', async () => {
  bus.plan = Array.from({ length: 20 }, () =>
    takeExcept(({ kind }) => (kind === 'pod' ? 'InternalFailure' : undefined)),
  )
  const event = http(
    list(audit('a'), audit('web-0', { objectRef: { resource: 'pods', namespace: 'shop', name: 'web-0' } })),
  )
  expect(await call(event)).toEqual({
    status: 503,
    body: { error: 'PublishError' },
    headers: { 'content-type': 'application/json', 'retry-after': '2' },
  })
  expect(lines).toMatchObject([{ msg: 'failed', why: '1 of 2 events could not be put on the bus: InternalFailure' }])
  bus.plan = []
  expect(await call(event)).toMatchObject({ status: 200, body: summary(2, 2) })
})

test('a review is allowed although the bus refuses, and the key is logged', async () => {
  bus.plan = [refuse(400, 'AccessDeniedException')]
  expect(await call(http(review))).toMatchObject({ status: 200, body: allowed })
  expect(lines).toMatchObject([
    { level: 'error', msg: 'lost', error: 'PublishError', keys: ['rome/pod/shop/web-0'] },
    { level: 'debug', msg: 'received', form: 'admission', received: 1, forwarded: 0 },
  ])
})

test('a review is allowed although the bus hangs', async () => {
  bus.plan = Array.from({ length: 5 }, () => hang)
  expect(await call(http(review))).toMatchObject({ status: 200, body: allowed })
})

test('an EKS audit log is forwarded for the cluster of its log group', async () => {
  const event = { kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...audit('a') }
  expect(await handler(logs('/aws/eks/rome-prod/cluster', event, event), invocation)).toEqual(summary(2, 1))
  expect(bus.taken).toEqual([cfg('a')])
})

test('an EKS audit log that cannot be put is thrown, for Lambda to call again', async () => {
  bus.plan = [refuse(400, 'AccessDeniedException')]
  const event = { kind: 'Event', apiVersion: 'audit.k8s.io/v1', ...audit('a') }
  await expect(handler(logs('/aws/eks/rome-prod/cluster', event), invocation)).rejects.toThrow('1 of 1 events')
})

test.each([logs('/aws/eks/turin/cluster', 1), { awslogs: { data: 'hunter2' } }])(
  'a log that is not ours is given up',
  async (given) => {
    expect(await handler(given, invocation)).toBeNull()
    expect(lines).toMatchObject([{ msg: 'failed' }])
    expect(JSON.stringify(lines)).not.toContain('hunter2')
  },
)
