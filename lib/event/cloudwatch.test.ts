import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { MalformedError, TooLargeError } from '../handler/errors.ts'
import { clusterOf, type LogsParcel, readLogs } from './cloudwatch.ts'

/** As EKS writes it to the log group, one line of JSON. */
const audit = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: '1a7c0e0b-55a1-4b7e-9a4e-6a0c2d3f4e5f',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/configmaps/cfg',
  verb: 'update',
  user: { username: 'arn:aws:sts::111122223333:assumed-role/admin/eve', groups: ['system:authenticated'] },
  sourceIPs: ['203.0.113.7'],
  userAgent: 'kubectl/v1.34.0 (linux/amd64) kubernetes/abc',
  objectRef: { resource: 'configmaps', namespace: 'shop', name: 'cfg', apiVersion: 'v1', resourceVersion: '4711' },
  responseStatus: { metadata: {}, code: 200 },
  requestReceivedTimestamp: '2026-11-23T14:07:11.123456Z',
  stageTimestamp: '2026-11-23T14:07:11.129876Z',
}

const payload = {
  messageType: 'DATA_MESSAGE',
  owner: '111122223333',
  logGroup: '/aws/eks/rome-prod/cluster',
  logStream: 'kube-apiserver-audit-0f3a4b5c6d7e8f90a1b2c3d4e5f60718',
  subscriptionFilters: ['heliograph'],
  logEvents: lines(JSON.stringify(audit)),
}

function lines(...messages: string[]) {
  return messages.map((message, index) => ({ id: `3${index}`, timestamp: 1_795_443_600_000 + index, message }))
}

function encoded(data: unknown) {
  return { awslogs: { data: gzipSync(JSON.stringify(data)).toString('base64') } }
}

const write = { group: '', plural: 'configmaps', subresource: '', namespace: 'shop', name: 'cfg', own: false }
const parcel: LogsParcel = {
  form: 'cloudwatch',
  received: 1,
  writes: [write],
  unreadable: [],
  logGroup: '/aws/eks/rome-prod/cluster',
}

const rows: { name: string; given: object; want: LogsParcel | undefined }[] = [
  { name: 'an audit event', given: payload, want: parcel },
  { name: 'a control message', given: { ...payload, messageType: 'CONTROL_MESSAGE', logStream: '' }, want: undefined },
  {
    name: 'a stream of another component',
    given: { ...payload, logStream: 'authenticator-0f3a', logEvents: lines('time="2026-11-23T14:07:11Z" level=info') },
    want: { ...parcel, writes: [] },
  },
  {
    name: 'lines that are no audit event',
    given: { ...payload, logEvents: lines('I1123 14:07:11 trace', 'null', '{"kind":"Event"}', JSON.stringify(audit)) },
    want: { ...parcel, received: 4 },
  },
  {
    name: 'a line that is cut off',
    given: { ...payload, logEvents: lines(JSON.stringify(audit).slice(0, -2), JSON.stringify(audit)) },
    want: { ...parcel, received: 2 },
  },
  {
    name: 'an audit event that cannot be read',
    given: { ...payload, logEvents: lines(JSON.stringify({ ...audit, verb: 1 }), JSON.stringify(audit)) },
    want: {
      ...parcel,
      received: 2,
      unreadable: ['events[0].verb: Invalid input: expected string, received number'],
    },
  },
]

test.each(rows)('$name', async ({ given, want }) => {
  expect(await readLogs(encoded(given))).toEqual(want)
})

const broken: { name: string; given: { awslogs: { data: string } }; want: unknown }[] = [
  { name: 'no gzip', given: { awslogs: { data: 'aGVsbG8=' } }, want: new MalformedError('body: expected gzip') },
  {
    name: 'no JSON',
    given: { awslogs: { data: gzipSync('hello').toString('base64') } },
    want: new MalformedError('body: expected JSON'),
  },
  {
    name: 'another payload',
    given: encoded({ ...payload, logEvents: 1 }),
    want: new MalformedError('awslogs.data.logEvents: Invalid input: expected array, received number'),
  },
  {
    name: 'a bomb',
    given: { awslogs: { data: gzipSync(Buffer.alloc(33 * 1024 * 1024)).toString('base64') } },
    want: new TooLargeError('body: expected at most 33554432 bytes'),
  },
]

test.each(broken)('$name', async ({ given, want }) => {
  await expect(readLogs(given)).rejects.toStrictEqual(want)
})

const clusters = [{ id: 'kind' }, { id: 'rome', eksName: 'rome-prod' }, { id: 'milan', eksName: 'milan-prod' }]

test('the log group tells the cluster', () => {
  expect(clusterOf(parcel, clusters)).toBe('rome')
})

test.each(['/aws/eks/turin/cluster', '/aws/eks/rome-prod/cluster/x', '/aws/lambda/rome-prod', ''])(
  'log group "%s" is of no cluster',
  (logGroup) => {
    expect(() => clusterOf({ ...parcel, logGroup }, clusters)).toThrow('in the configuration of a cluster')
  },
)
