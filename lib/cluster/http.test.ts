import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { answer, type FakeApiServer, fakeApiServer, status } from '../../test/contract/fake-api-server.ts'
import { loadCredentials } from './credentials.ts'
import { type ClusterError, ListBrokenError, ThrottledError, UnauthorizedError, UnreachableError } from './errors.ts'
import { type HttpCluster, httpCluster } from './http.ts'
import { PAGE_BYTES } from './page-size.ts'
import type { KubeObject, Resource } from './port.ts'

const CONFIG_MAP: Resource = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
const REF = { namespace: 'shop', name: 'cfg' }
const OBJECT: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...REF, resourceVersion: '7' } }

let fake: FakeApiServer
let cluster: HttpCluster
beforeEach(async () => {
  fake = await fakeApiServer()
  cluster = await connect(async () => ({ token: 'first' }))
})
afterEach(async () => {
  cluster.close()
  await fake.stop()
})

async function connect(token: string | (() => Promise<{ token: string }>), id = 'rome'): Promise<HttpCluster> {
  const credentials = await loadCredentials(id, { server: `${fake.url}/`, ca: fake.ca, token })
  return httpCluster({ id, credentials, caller: 'configmap' })
}

const errorOf = (run: Promise<unknown>) =>
  run.then(
    () => undefined,
    (error: ClusterError) => error,
  )
const listOf = (options = {}) => Array.fromAsync(cluster.list(CONFIG_MAP, options))

describe('what goes over the wire', () => {
  test('apply: server-side apply by force, plain JSON', async () => {
    let got: unknown
    fake.handler = async (request, response) => {
      const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
      got = { type: request.headers['content-type'], body }
      answer(response, 201, body)
    }
    const object = { ...OBJECT, unknown: { since: '2026-01-01T00:00:00.000000Z' } }
    expect(await cluster.apply(CONFIG_MAP, object)).toEqual(object)
    expect(got).toEqual({ type: 'application/apply-patch+yaml', body: object })
    expect(fake.seen).toEqual(['PATCH /api/v1/namespaces/shop/configmaps/cfg?fieldManager=heliograph&force=true'])
  })

  test('delete: both preconditions, background', async () => {
    let body: unknown
    fake.handler = async (request, response) => {
      body = JSON.parse(Buffer.concat(await request.toArray()).toString())
      answer(response, 200, { kind: 'Status', status: 'Success' })
    }
    expect(await cluster.delete(CONFIG_MAP, REF, { uid: 'u', resourceVersion: '7' })).toBe(true)
    expect(body).toMatchObject({ propagationPolicy: 'Background', preconditions: { uid: 'u', resourceVersion: '7' } })
  })

  test('list: selectors are escaped, pages follow `continue`', async () => {
    fake.handler = ({ url }, response) => {
      const last = url.includes('continue=')
      const metadata = { resourceVersion: '9', ...(last ? {} : { continue: 'a/b+c=' }) }
      answer(response, 200, { kind: 'ConfigMapList', metadata, items: [{ metadata: { name: last ? 'b' : 'a' } }] })
    }
    const options = { namespace: 'shop', labelSelector: 'a in (b,c),!d', fieldSelector: 'metadata.name=x', limit: 1 }
    const pages = await listOf(options)
    expect(pages.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ConfigMap a', 'ConfigMap b'])
    const query = 'limit=1&labelSelector=a+in+%28b%2Cc%29%2C%21d&fieldSelector=metadata.name%3Dx'
    const path = `GET /api/v1/namespaces/shop/configmaps?${query}`
    expect(fake.seen).toEqual([path, `${path}&continue=a%2Fb%2Bc%3D`])
  })
})

describe('a list of large objects', () => {
  /** Serves objects of so many bytes each, as many a page as asked for. */
  function serve(count: number, bytes: number) {
    fake.handler = ({ url }, response) => {
      const asked = new URL(url, fake.url).searchParams
      const [start, limit] = [Number(asked.get('continue') ?? 0), Number(asked.get('limit'))]
      const numbers = Array.from({ length: Math.min(limit, count - start) }, (_, index) => start + index)
      const items = numbers.map((number) => ({ metadata: { name: `c${number}` }, data: { k: 'x'.repeat(bytes) } }))
      const next = start + limit < count ? { continue: String(start + limit) } : {}
      answer(response, 200, { metadata: { resourceVersion: '9', ...next }, items })
    }
  }
  const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`)
  const limits = () => fake.seen.map((line) => Number(/limit=(\d+)/.exec(line)?.[1]))

  test.each([
    { name: 'by their size', count: 30, bytes: 300_000 },
    { name: 'one by one where two are too many', count: 3, bytes: PAGE_BYTES * 0.6 },
    { name: 'one larger than a page', count: 2, bytes: PAGE_BYTES + 1 },
  ])('comes in pages that fit, none missing: $name', async ({ count, bytes }) => {
    serve(count, bytes)
    const pages = await listOf()
    expect(pages.flat().map(({ metadata }) => metadata.name)).toEqual(names(count))
    const most = Math.max(1, Math.floor(PAGE_BYTES / bytes))
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(most)
  })

  test('small ones come in as few requests as ever', async () => {
    serve(1_200, 10)
    expect((await listOf()).map(({ length }) => length)).toEqual([500, 500, 200])
    expect(limits()).toEqual([500, 500, 500])
  })

  test('no page is larger than asked for', async () => {
    serve(30, 300_000)
    expect(Math.max(...(await listOf({ limit: 4 })).map(({ length }) => length))).toBe(4)
    expect(Math.max(...limits())).toBe(4)
  })
})

describe('an answer that is not what was asked for', () => {
  test.each([
    { name: 'cut off', body: '{"kind":"ConfigMap","metadata":{"name":"cfg"' },
    { name: 'empty', body: '' },
    { name: 'a login page', body: '<html>Please log in</html>' },
    { name: 'another object', body: { ...OBJECT, metadata: { name: 'other' } } },
    { name: 'another kind', body: { ...OBJECT, kind: 'Secret' } },
    { name: 'null', body: 'null' },
  ])('$name: neither an object nor its absence', async ({ body }) => {
    fake.handler = (_, response) => answer(response, 200, body)
    expect(await errorOf(cluster.get(CONFIG_MAP, REF))).toBeInstanceOf(UnreachableError)
    expect(await errorOf(cluster.apply(CONFIG_MAP, OBJECT))).toBeInstanceOf(UnreachableError)
  })

  const metadata = { resourceVersion: '9' }
  test.each([
    { name: 'cut off', page: '{"kind":"ConfigMapList","metadata":{"resourceVersion":"9"},"items":[' },
    { name: 'no JSON', page: 'upstream timed out' },
    { name: 'no items', page: { kind: 'ConfigMapList', metadata } },
    { name: 'items that are none', page: { metadata, items: [{}] } },
    { name: 'null items', page: { metadata, items: null } },
    { name: 'no snapshot', page: { metadata: {}, items: [] } },
    { name: 'another snapshot', page: { metadata: { resourceVersion: '10' }, items: [] } },
  ])('$name as a page: the list is broken, not short', async ({ page }) => {
    fake.handler = ({ url }, response) => {
      const first = { metadata: { ...metadata, continue: 'next' }, items: [{ metadata: { name: 'a' } }] }
      answer(response, 200, url.includes('continue=') ? page : first)
    }
    expect(await errorOf(listOf())).toBeInstanceOf(ListBrokenError)
  })

  test('410 between two pages', async () => {
    fake.handler = ({ url }, response) => {
      const first = { metadata: { ...metadata, continue: 'next' }, items: [{ metadata: { name: 'a' } }] }
      if (url.includes('continue=')) answer(response, 410, status(410, 'Expired'))
      else answer(response, 200, first)
    }
    const seen: KubeObject[] = []
    const run = async () => {
      for await (const page of cluster.list(CONFIG_MAP)) seen.push(...page)
    }
    expect(await errorOf(run())).toBeInstanceOf(ListBrokenError)
    expect(seen).toHaveLength(1)
  })
})

describe('pressure', () => {
  test.each([
    { code: 429, headers: { 'retry-after': '7' }, seconds: 7 },
    { code: 503, headers: { 'retry-after': '2' }, seconds: 2 },
    { code: 503, headers: {}, seconds: 1 },
  ])('$code: asked to wait $seconds s', async ({ code, headers, seconds }) => {
    fake.handler = (_, response) => answer(response, code, 'too many requests', headers as Record<string, string>)
    const error = await errorOf(cluster.get(CONFIG_MAP, REF))
    expect(error).toBeInstanceOf(ThrottledError)
    expect(error).toMatchObject({ retryAfterSeconds: seconds, retry: true })
    expect(fake.seen).toHaveLength(1)
  })

  test('500 with a delay in its Status waits, without one it is unreachable', async () => {
    fake.handler = (_, response) => answer(response, 500, status(500, 'ServerTimeout', { retryAfterSeconds: 3 }))
    expect(await errorOf(cluster.get(CONFIG_MAP, REF))).toMatchObject({ retryAfterSeconds: 3 })
    fake.handler = (_, response) => answer(response, 500, status(500, 'InternalError', {}, 'etcd has no leader'))
    const error = await errorOf(cluster.get(CONFIG_MAP, REF))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error?.message).toContain('etcd has no leader')
  })
})

describe('401', () => {
  const onlyAccept = (token: string) => {
    fake.handler = ({ headers }, response) => {
      if (headers.authorization === `Bearer ${token}`) answer(response, 200, OBJECT)
      else answer(response, 401, status(401, 'Unauthorized'))
    }
  }

  test('the credential is renewed once, for all that wait for it', async () => {
    let made = 0
    const renewing = await connect(async () => ({ token: `token-${++made}` }))
    onlyAccept('token-1')
    await renewing.get(CONFIG_MAP, REF)
    onlyAccept('token-2')
    const found = await Promise.all(Array.from({ length: 10 }, () => renewing.get(CONFIG_MAP, REF)))
    expect(found).toEqual(Array.from({ length: 10 }, () => OBJECT))
    expect(made).toBe(2)
    renewing.close()
  })

  test('a credential that stays refused is asked for once more, and named', async () => {
    let made = 0
    const renewing = await connect(async () => ({ token: `token-${++made}` }), 'new-york')
    onlyAccept('another')
    const error = await errorOf(renewing.get(CONFIG_MAP, REF))
    expect(error).toBeInstanceOf(UnauthorizedError)
    expect(error?.message).toContain('CLUSTER_NEW_YORK_KUBECONFIG')
    expect(error?.message).not.toContain('token-')
    expect(made).toBe(2)
    renewing.close()
  })

  test('one that cannot be renewed is sent once', async () => {
    const fixed = await connect('fixed')
    onlyAccept('another')
    expect(await errorOf(fixed.get(CONFIG_MAP, REF))).toBeInstanceOf(UnauthorizedError)
    expect(fake.seen).toHaveLength(1)
    fixed.close()
  })
})
