import { describe, expect, test } from 'vitest'
import { status } from '../../test/contract/fake-api-server.ts'
import * as errors from './errors.ts'
import { type Attempt, failureOf, isAbsent } from './failure.ts'
import type { Resource } from './port.ts'

const SECRET: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true }
const INGRESS: Resource = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'ingresses',
  kind: 'Ingress',
  namespaced: true,
}
const UNTYPED = 'failed to create typed patch object (shop/web; /v1, Kind=Pod):'
const GET: Attempt = { verb: 'get', resource: INGRESS, namespace: 'shop', name: 'web' }
const APPLY: Attempt = { ...GET, verb: 'patch' }

const reply = (code: number, body: unknown) => ({
  status: code,
  headers: {},
  text: typeof body === 'string' ? body : JSON.stringify(body),
})
const notFound = (details: object, message?: string) => reply(404, status(404, 'NotFound', details, message))

describe('only the API server itself can say that an object does not exist', () => {
  const rows = [
    { name: 'the object', reply: notFound({ group: 'networking.k8s.io', kind: 'ingresses', name: 'web' }), want: true },
    { name: 'the object, tersely', reply: notFound({ name: 'web' }), want: true },
    {
      name: 'another object',
      reply: notFound({ group: 'networking.k8s.io', kind: 'ingresses', name: 'x' }),
      want: false,
    },
    { name: 'an object of another kind', reply: notFound({ kind: 'namespaces', name: 'web' }), want: false },
    {
      name: 'an object of another group',
      reply: notFound({ group: 'x', kind: 'ingresses', name: 'web' }),
      want: false,
    },
    { name: 'the kind', reply: notFound({}, 'the server could not find the requested resource'), want: false },
    { name: 'the path', reply: reply(404, '404 page not found\n'), want: false },
    { name: 'a proxy', reply: reply(404, '<html>not found: web</html>'), want: false },
    { name: 'another reason', reply: reply(404, status(404, 'Unknown', { name: 'web' })), want: false },
    {
      name: 'a status that is no Status',
      reply: reply(404, { reason: 'NotFound', details: { name: 'web' } }),
      want: false,
    },
    { name: 'another code', reply: reply(503, status(404, 'NotFound', { name: 'web' })), want: false },
    { name: 'null', reply: reply(404, 'null'), want: false },
  ]
  test.each(rows)('missing: $name', ({ reply, want }) => {
    expect(isAbsent(reply, GET)).toBe(want)
    if (!want && reply.status === 404) expect(failureOf('rome', GET, reply)).toBeInstanceOf(errors.KindMissingError)
  })

  test('a list has no object that could be missing', () => {
    const list: Attempt = { verb: 'list', resource: INGRESS, namespace: 'shop' }
    const missing = failureOf('rome', list, notFound({}, 'the server could not find the requested resource'))
    expect(missing).toBeInstanceOf(errors.KindMissingError)
    expect(missing.message).toContain('Ingress (networking.k8s.io/v1, ingresses.networking.k8s.io)')
  })
})

describe('each answer has its error', () => {
  const terminating = { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] }
  const denied = 'ingresses "web" is forbidden: User "x" cannot create resource "ingresses" in API group "y"'
  const rows = [
    { name: '400', reply: reply(400, status(400, 'BadRequest')), want: errors.InvalidError },
    { name: '413', reply: reply(413, 'Request entity too large'), want: errors.InvalidError },
    { name: '422', reply: reply(422, status(422, 'Invalid')), want: errors.InvalidError },
    {
      name: '422 about the uid',
      reply: reply(422, status(422, 'Invalid', { causes: [{ field: 'metadata.uid' }] })),
      want: errors.ConflictError,
    },
    { name: '401', reply: reply(401, status(401, 'Unauthorized')), want: errors.UnauthorizedError },
    { name: '403', reply: reply(403, status(403, 'Forbidden', {}, denied)), want: errors.ForbiddenError },
    {
      name: '403 of a terminating namespace',
      reply: reply(403, status(403, 'Forbidden', terminating)),
      want: errors.NamespaceTerminatingError,
    },
    {
      name: '404 of the namespace',
      reply: notFound({ kind: 'namespaces', name: 'shop' }),
      want: errors.NamespaceMissingError,
    },
    {
      name: '404 of another namespace',
      reply: notFound({ kind: 'namespaces', name: 'x' }),
      want: errors.KindMissingError,
    },
    {
      name: '404 of the object (its status was applied)',
      reply: notFound({ group: 'networking.k8s.io', kind: 'ingresses', name: 'web' }),
      want: errors.ConflictError,
    },
    { name: '409', reply: reply(409, status(409, 'Conflict')), want: errors.ConflictError },
    { name: '410', reply: reply(410, status(410, 'Expired')), want: errors.ListBrokenError },
    { name: '429', reply: reply(429, ''), want: errors.ThrottledError },
    { name: '500', reply: reply(500, ''), want: errors.UnreachableError },
    {
      name: '500 of an apply with a field that the kind does not have',
      reply: reply(
        500,
        status(500, '', {}, 'failed to create typed patch object (a/b; v1, Kind=X): .spec.x: not declared'),
      ),
      want: errors.InvalidError,
    },
    {
      name: '500 of an apply that names such a field',
      reply: reply(500, status(500, '', {}, `${UNTYPED} .spec.x: field not declared in schema`)),
      want: errors.UndeclaredError,
    },
    {
      name: '500 of an object that etcd does not take',
      reply: reply(500, status(500, '', {}, 'etcdserver: request is too large')),
      want: errors.InvalidError,
    },
    { name: '502', reply: reply(502, '<html>'), want: errors.UnreachableError },
    { name: '503', reply: reply(503, ''), want: errors.ThrottledError },
    { name: '504', reply: reply(504, status(504, 'Timeout')), want: errors.UnreachableError },
    { name: 'a redirection', reply: reply(302, ''), want: errors.UnreachableError },
  ]
  test.each(rows)('$name', ({ reply, want }) => {
    const error = failureOf('rome', APPLY, reply)
    expect(error.constructor).toBe(want)
    expect(error.message).toMatch(/^cluster rome: [^\n]+$/)
  })

  test.each([
    [
      'one field',
      '.status.containerStatuses[0].later: field not declared in schema',
      ['.status.containerStatuses[].later'],
    ],
    [
      'fields of items with keys',
      'errors:\n  .status.conditions[type="Ready"].later: field not declared in schema\n' +
        '  .status.conditions[type="x/a b]: c"].other: field not declared in schema',
      ['.status.conditions[].later', '.status.conditions[].other'],
    ],
    [
      'a field whose name has a dot, and a value of another type',
      'errors:\n  .status.a[1].dot.key: field not declared in schema\n  .status.b: expected boolean, got &{yes}',
      ['.status.a[].dot.key'],
    ],
  ])('an undeclared field is named: %s', (_, message, fields) => {
    expect(failureOf('rome', APPLY, reply(500, status(500, '', {}, `${UNTYPED} ${message}`)))).toMatchObject({ fields })
  })

  test('a message of a cluster that means ill is read in no time', () => {
    const message = `${UNTYPED} ${'.a'.repeat(500_000)}`
    expect(failureOf('rome', APPLY, reply(500, status(500, '', {}, message)))).not.toHaveProperty('fields')
  })

  test('403 names the right that is missing, and what grants it', () => {
    const error = failureOf(
      'rome',
      { ...APPLY, subresource: 'status' },
      reply(403, status(403, 'Forbidden', {}, denied)),
    )
    expect(error.message).toBe(
      'cluster rome: forbidden to create ingresses.networking.k8s.io/status in namespace shop: apply the manifests ' +
        'of this cluster (npm run manifests) or grant create on ingresses.networking.k8s.io/status',
    )
  })

  test('403 of an admission policy keeps its reason', () => {
    const error = failureOf('rome', APPLY, reply(403, status(403, 'Forbidden', {}, 'exceeded quota:\n  ingresses')))
    expect(error.message).toContain('refused by admission or policy: exceeded quota: ingresses')
    expect(error).toBeInstanceOf(errors.ForbiddenError)
  })
})

test('what the API server says about a Secret is cut down to the fields', () => {
  const attempt: Attempt = { verb: 'patch', resource: SECRET, namespace: 'shop', name: 'db' }
  const causes = [{ field: 'data[password]', message: 'Invalid value: "hunter2"' }, { field: 'metadata.name' }]
  for (const code of [400, 403, 409, 422, 500, 503]) {
    const body = status(code, 'Invalid', { causes }, 'Secret "db" is invalid: data[password]: Invalid value: "hunter2"')
    const { message } = failureOf('rome', attempt, reply(code, body))
    expect(message).not.toContain('hunter2')
    if (code === 422) expect(message).toContain('Invalid: data[password], metadata.name')
  }
})

test('a long message is cut', () => {
  const { message } = failureOf('rome', APPLY, reply(422, status(422, 'Invalid', {}, 'x '.repeat(100_000))))
  expect(message.length).toBeLessThan(1000)
})
