import { Readable } from 'node:stream'
import { beforeEach, expect, test } from 'vitest'
import { UnreachableError } from '../../lib/cluster/errors.ts'
import type { HttpCluster } from '../../lib/cluster/http.ts'
import { NODE, POD } from '../../lib/cluster/resources.ts'
import type { StreamReply } from '../../lib/cluster/stream.ts'
import { UnknownCallerError } from '../../lib/flows/kubelet/caller.ts'
import { kubelet } from '../../lib/flows/kubelet/function.ts'
import { marks } from '../../lib/kinds/meta.ts'
import { logger } from '../../lib/log.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

const HOME = { namespace: 'shop', name: 'web' }
const REMOTE = { namespace: 'shop-rome', name: 'web' }
const containers = [{ name: 'app', image: 'web:1', ports: [{ containerPort: 8080 }] }]

let world: TwoClusters
let reviews: Record<string, unknown>[]
let isAllowed: boolean
let asked: string[]
let reply: () => Promise<StreamReply>
beforeEach(async () => {
  world = twoClusters()
  await offload(world)
  reviews = []
  asked = []
  isAllowed = true
  reply = async () => ({ status: 200, headers: {}, body: Readable.from([Buffer.from('a line\n')]) })
  world.rome.user.create(POD, { metadata: HOME, spec: { nodeName: 'liqo-milan', containers } })
  const labels = marks({ home: 'rome', remote: 'milan' })
  world.milan.user.create(POD, { metadata: { ...REMOTE, labels }, spec: { containers } })
})

async function call(path: string, method = 'GET', query = ''): Promise<{ status: number; text: string }> {
  const home: HttpCluster = {
    ...world.peering.home,
    request: async (_method, _path, { body = '{}' } = {}) => {
      reviews.push(JSON.parse(body).spec)
      return { status: 201, headers: {}, text: JSON.stringify({ status: { allowed: isAllowed } }) }
    },
    stream: () => Promise.reject(new Error('nothing is streamed from home')),
    close() {},
  }
  const remote: HttpCluster = {
    ...world.peering.remote,
    request: () => Promise.reject(new Error('nothing is requested there')),
    stream: (path) => {
      asked.push(path)
      return reply()
    },
    close() {},
  }
  const serve = kubelet({
    log: logger('silent'),
    async identify(pem) {
      if (pem !== 'PEM') throw new UnknownCallerError()
      return { home: 'rome', user: 'apiserver', groups: ['callers'] }
    },
    peerings: [{ ...world.peering, home, remote }],
    contexts: { milan: 'admin@milan' },
  })
  const clientCert = { clientCertPem: 'PEM' }
  const requestContext = { http: { method }, authentication: { clientCert } }
  const event = { rawPath: path, rawQueryString: query, requestContext }
  const { status, body } = await serve(event, new AbortController().signal)
  return { status, text: typeof body === 'string' ? body : Buffer.concat(await body.toArray()).toString() }
}

const LOGS = '/containerLogs/shop/web/app'

test('logs come from the pod elsewhere, once its cluster has said that the caller may have them', async () => {
  expect(await call(LOGS, 'GET', 'follow=true&tailLines=5')).toEqual({ status: 200, text: 'a line\n' })
  expect(asked).toEqual(['/api/v1/namespaces/shop-rome/pods/web/log?container=app&follow=true&tailLines=5'])
  const resourceAttributes = { verb: 'get', version: 'v1', resource: 'nodes', subresource: 'proxy', name: 'liqo-milan' }
  expect(reviews).toEqual([{ user: 'apiserver', groups: ['callers', 'system:authenticated'], resourceAttributes }])
})

test('who may not gets nothing', async () => {
  isAllowed = false
  expect(await call(LOGS)).toEqual({
    status: 403,
    text: 'user apiserver may not get nodes/proxy of liqo-milan in cluster rome',
  })
  expect((await call('/exec/shop/web/app', 'POST', 'command=sh')).status).toBe(403)
  expect((await call('/metrics/resource')).status).toBe(403)
  expect(reviews.at(-1)).toMatchObject({ resourceAttributes: { verb: 'get', subresource: 'metrics' } })
  expect(asked).toEqual([])
})

test.each([
  {
    name: 'a pod that home does not have',
    change: () => world.rome.user.remove(POD, HOME),
    want: 'there is no such pod',
  },
  {
    name: 'one on a node of home',
    change: () => {
      world.rome.user.create(NODE, { metadata: { name: 'rome-1' } })
      world.rome.user.remove(POD, HOME)
      world.rome.user.create(POD, { metadata: HOME, spec: { nodeName: 'rome-1', containers } })
    },
    want: 'stands for none of our clusters',
  },
  {
    name: 'one that is not there yet',
    change: () => world.milan.user.remove(POD, REMOTE),
    want: 'is not in cluster milan',
  },
  {
    name: 'a namesake of somebody else',
    change: () => world.milan.user.edit(POD, REMOTE, (pod) => void delete pod.metadata.labels),
    want: 'somebody else’s',
  },
])('$name: $want', async ({ change, want }) => {
  change()
  expect(await call(LOGS)).toEqual({ status: 400, text: expect.stringContaining(want) })
  expect(asked).toEqual([])
})

test.each([
  {
    status: 400,
    body: { kind: 'Status', message: 'container app is waiting' },
    want: [400, 'container app is waiting'],
  },
  { status: 404, body: { kind: 'Status', message: 'pods "web" not found' }, want: [400, 'pods "web" not found'] },
  { status: 502, body: 'bad gateway', want: [500, 'bad gateway'] },
])('what the other cluster refuses with $status is told', async ({ status, body, want }) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  reply = async () => ({ status, headers: {}, body: Readable.from([Buffer.from(text)]) })
  expect(await call(LOGS)).toEqual({ status: want[0], text: `cluster milan: ${want[1]}` })
})

test('a cluster out of reach is told, an error that is not ours is not', async () => {
  reply = () => Promise.reject(new UnreachableError('milan', 'no answer'))
  expect(await call(LOGS)).toEqual({ status: 500, text: 'cluster milan: no answer' })
  reply = () => Promise.reject(new Error('hunter2'))
  expect(await call(LOGS)).toEqual({ status: 500, text: 'unexpected' })
})

test('sessions and metrics have the command that does it', async () => {
  const there = 'the pod runs in cluster milan, so ask there: kubectl --context admin@milan -n shop-rome'
  expect(await call('/exec/shop/web/app', 'POST', 'command=sh&input=1&tty=1')).toEqual({
    status: 400,
    text: `${there} exec -it web -c app -- sh\n`,
  })
  expect((await call('/portForward/shop/web', 'POST')).text).toBe(`${there} port-forward pod/web 8080\n`)
  expect(await call('/metrics/resource')).toEqual({
    status: 501,
    text: expect.stringContaining(
      'kubectl --context admin@milan top pods --all-namespaces -l offloading.liqo.io/origin=rome',
    ),
  })
  expect((await call('/healthz')).status).toBe(404)
})
