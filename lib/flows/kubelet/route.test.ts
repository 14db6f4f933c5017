import { expect, test } from 'vitest'
import { MalformedError } from '../../handler/errors.ts'
import { toKubeletRequest } from './request.ts'
import { commandFor, logQuery, type Route, toRoute } from './route.ts'

const place = { namespace: 'shop', pod: 'web-0', container: 'app' }

const routes: { path: string; method?: string; want: Route }[] = [
  { path: '/containerLogs/shop/web-0/app', want: { ask: 'logs', ...place } },
  { path: '/containerLogs/shop/web-0/app', method: 'POST', want: { ask: 'other' } },
  { path: '/containerLogs/shop/web-0', want: { ask: 'other' } },
  { path: '/containerLogs/shop//app', want: { ask: 'other' } },
  { path: '/containerLogs/shop/..%2Fx/app', want: { ask: 'logs', ...place, pod: '../x' } },
  { path: '/exec/shop/web-0/app', method: 'POST', want: { ask: 'session', kind: 'exec', ...place } },
  { path: '/exec/shop/web-0/some-uid/app', want: { ask: 'session', kind: 'exec', ...place } },
  { path: '/attach/shop/web-0/app', want: { ask: 'session', kind: 'attach', ...place } },
  { path: '/portForward/shop/web-0', want: { ask: 'session', kind: 'portForward', ...place, container: '' } },
  { path: '/metrics/resource', want: { ask: 'metrics' } },
  { path: '/stats/summary', want: { ask: 'metrics' } },
  { path: '/pods', want: { ask: 'other' } },
  { path: '/', want: { ask: 'other' } },
  { path: '/%E0%A4%A', want: { ask: 'other' } },
]

test.each(routes)('$path', ({ path, method = 'GET', want }) => {
  expect(toRoute({ method, path })).toEqual(want)
})

test.each([
  { given: '', want: 'container=app' },
  { given: 'follow=true&timestamps=true&stream=All', want: 'container=app&follow=true&timestamps=true' },
  {
    given: 'stream=Stderr&sinceTime=2026-01-01T00:00:00Z',
    want: 'container=app&sinceTime=2026-01-01T00%3A00%3A00Z&stream=Stderr',
  },
  {
    given: 'previous=true&limitBytes=10&sinceSeconds=5',
    want: 'container=app&previous=true&sinceSeconds=5&limitBytes=10',
  },
  { given: 'tail=3', want: 'container=app&tailLines=3' },
  { given: 'tail=all', want: 'container=app' },
  { given: 'container=other&insecureSkipTLSVerifyBackend=true', want: 'container=app' },
  { given: `follow=${'x'.repeat(65)}`, want: 'container=app' },
])('logs of "$given"', ({ given, want }) => {
  expect(logQuery('app', new URLSearchParams(given)).toString()).toBe(want)
})

const session = { ask: 'session', ...place } as const
const there = { context: 'milan', namespace: 'shop-rome' }

test.each([
  { kind: 'exec', query: 'command=sh&input=1&output=1&tty=1', want: 'exec -it web-0 -c app -- sh' },
  { kind: 'exec', query: "command=echo&command=it's+here&output=1", want: "exec web-0 -c app -- echo 'it'\\''s here'" },
  { kind: 'attach', query: 'input=true', want: 'attach -i web-0 -c app' },
  { kind: 'portForward', query: '', want: 'port-forward pod/web-0 <port>' },
] as const)('$want', ({ kind, query, want }) => {
  const command = commandFor({ ...session, kind }, new URLSearchParams(query), there)
  expect(command).toBe(`kubectl --context milan -n shop-rome ${want}`)
})

test('a port of the pod, where it names one', () => {
  const command = commandFor({ ...session, kind: 'portForward' }, new URLSearchParams(), { ...there, port: 8080 })
  expect(command).toMatch(/pod\/web-0 8080$/)
})

test('what a REST API and what the local front hand over is the same request', () => {
  const clientCert = { clientCertPem: 'PEM', subjectDN: 'CN=x' }
  const want = { method: 'GET', path: '/containerLogs/a/b/c', certificate: 'PEM', query: 'follow=true&tailLines=3' }
  const rest = {
    httpMethod: 'GET',
    path: '/containerLogs/a/b/c',
    multiValueQueryStringParameters: { follow: ['true'], tailLines: ['3'] },
    requestContext: { identity: { clientCert, sourceIp: '10.0.0.1' } },
  }
  const http = {
    rawPath: '/containerLogs/a/b/c',
    rawQueryString: 'follow=true&tailLines=3',
    requestContext: { http: { method: 'GET' }, authentication: { clientCert } },
  }
  for (const event of [rest, http]) {
    const { query, ...request } = toKubeletRequest(event)
    expect({ ...request, query: query.toString() }).toEqual(want)
  }
  const anonymous = { ...http, requestContext: { http: { method: 'GET' } } }
  expect(toKubeletRequest(anonymous).certificate).toBeUndefined()
  expect(() => toKubeletRequest({})).toThrow(MalformedError)
})
