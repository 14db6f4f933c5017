import { beforeEach, expect, test } from 'vitest'
import { InvalidError, UnreachableError } from '../../lib/cluster/errors.ts'
import { EVENT, POD, SECRET } from '../../lib/cluster/resources.ts'
import { dispatchTokens, refreshTokens } from '../../lib/flows/serviceaccount/dispatch.ts'
import type { TokenPeering } from '../../lib/flows/serviceaccount/flow.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { addVirtualNode, HOME, homePod } from '../support/pods.ts'
import { offload, type TwoClusters, twoClusters } from '../support/two-clusters.ts'

let world: TwoClusters
let peering: TokenPeering
let now: number
/** What was measured, pass by pass. */
let late: unknown[]
/** Audiences, in the order they were asked for. */
let asked: string[]

const REMOTE = { namespace: 'shop-rome', name: 'web-token' }
const MINUTE = 60_000

beforeEach(async () => {
  world = twoClusters({ pods: { apiServer: 'TokenAPI' } })
  addVirtualNode(world)
  await offload(world)
  now = Date.parse('2026-03-02T10:00:00Z')
  asked = []
  late = []
  peering = {
    ...world.peering,
    ask: async (_, source) => {
      asked.push(source.audience)
      const expiration = new Date(now + source.expirationSeconds * 1000).toISOString()
      return { ...source, token: `hunter2-${asked.length}`, expiration }
    },
  }
})

function pod(metadata: Record<string, unknown> = {}, spec: Record<string, unknown> = {}): void {
  const sources = [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
    { serviceAccountToken: { path: 'vault', expirationSeconds: 600, audience: 'vault' } },
  ]
  const volumes = [{ name: 'tokens', projected: { sources } }]
  world.rome.user.create(POD, homePod({ volumes, serviceAccountName: 'builder', ...spec }, metadata))
}

const wake = (names = ['web']) =>
  dispatchTokens([peering], { cluster: 'rome', kind: 'serviceaccount', namespace: 'shop', names }, now)
const pass = (extent: 'due' | 'all' = 'due') =>
  refreshTokens([peering], extent, now, (name, measured) => late.push([name, measured.TokenRefreshLate]))
const secret = () => world.milan.peek(SECRET, REMOTE)

function held(): string[] {
  const { data = {} } = (secret() ?? {}) as { data?: Record<string, string> }
  return Object.values(data).map((text) => Buffer.from(text, 'base64').toString())
}

test.each([
  ['an event', wake],
  ['an event without a name', () => wake([])],
  ['a pass over all', () => pass('all')],
])('%s gives a pod that runs elsewhere its tokens there', async (_, act) => {
  pod()
  await act()
  expect(held()).toEqual(['hunter2-1', 'hunter2-2'])
  expect(secret()?.metadata.labels).toMatchObject({ 'offloading.liqo.io/service-account-name': 'builder' })
  expect(JSON.stringify([world.lines, world.rome.all(EVENT)])).not.toContain('hunter2')
})

test('an event without a name gives a gated pod its tokens, and is not about those that run', async () => {
  pod({ name: 'old' })
  world.rome.user.edit(POD, { ...HOME, name: 'old' }, (object) => {
    object.status = { phase: 'Running' }
  })
  pod({}, { nodeName: undefined, schedulingGates: [{ name: 'offloading.heliograph.io/milan' }] })
  await wake([])
  expect(world.milan.all(SECRET).map(({ metadata }) => metadata.name)).toEqual(['web-token'])
})

test('again with nothing due: no token, no write', async () => {
  pod()
  await wake()
  const before = world.milan.changes.length
  await wake()
  await pass()
  await pass('all')
  expect([asked.length, world.milan.changes.length]).toEqual([2, before])
})

test('each token is asked for anew before its own end, and never expires', async () => {
  pod()
  await wake()
  for (let minute = 0; minute < 60; minute++) {
    now += MINUTE
    await pass()
    const times = JSON.parse(secret()?.metadata.annotations?.['heliograph.io/token-expirations'] ?? '')
    for (const time of Object.values(times)) expect(Date.parse(String(time))).toBeGreaterThan(now + 1.5 * MINUTE)
  }
  expect(asked.filter((audience) => audience === '')).toHaveLength(2)
  expect(asked.filter((audience) => audience === 'vault').length).toBeLessThan(12)
})

test('how late a token is asked for is measured, but not of a pod that needs none any more', async () => {
  pod()
  await wake()
  await pass()
  // The shorter one is due after eight of its ten minutes.
  now += 9 * MINUTE
  await pass()
  now += 10 * MINUTE
  peering.ask = async () => Promise.reject(new UnreachableError('rome', 'gone'))
  await expect(pass()).rejects.toThrow('gone')
  world.rome.user.edit(POD, HOME, (object) => {
    object.status = { phase: 'Succeeded' }
  })
  await pass()
  expect(late).toEqual([0, 60, 120, 0].map((seconds) => ['rome:milan', seconds]))
})

test('with the pod they go, and another of its name gets its own', async () => {
  pod()
  await wake()
  world.rome.user.remove(POD, HOME)
  await wake()
  expect(secret()).toBeUndefined()
  pod()
  await wake()
  world.rome.user.remove(POD, HOME)
  pod()
  await wake()
  expect(held()).toEqual(['hunter2-5', 'hunter2-6'])
})

test.each([
  ['bound to a node of home', () => world.rome.user.create(POD, homePod({ nodeName: 'worker-1' }))],
  ['without tokens', () => world.rome.user.create(POD, homePod())],
  ['that is meant for the remote API server', () => pod({ annotations: { 'liqo.io/api-server-support': 'remote' } })],
])('a pod %s gets none', async (_, make) => {
  make()
  await wake()
  await pass('all')
  expect([secret(), asked]).toEqual([undefined, []])
})

test('none are asked for where they have no place', async () => {
  world.milan.user.create(SECRET, { metadata: REMOTE, type: 'Opaque' })
  pod()
  await wake()
  expect([held(), asked]).toEqual([[], []])
  expect(world.rome.all(EVENT).map(({ reason }) => reason)).toEqual(['FailedSATokensReflection'])
})

test('a ServiceAccount that is refused is told, an outage comes again', async () => {
  pod()
  peering.ask = async () => Promise.reject(new InvalidError('rome', 'no such account'))
  await wake()
  expect(world.rome.all(EVENT).map(({ message }) => message)).toEqual([expect.stringContaining('no such account')])
  peering.ask = async () => Promise.reject(new UnreachableError('rome', 'gone'))
  await expect(wake()).rejects.toThrow('gone')
  expect(secret()).toBeUndefined()
})

test('a Secret that somebody removes comes back, with new tokens', async () => {
  pod()
  await wake()
  world.milan.user.remove(SECRET, REMOTE)
  const event = { cluster: 'milan', kind: 'serviceaccount', namespace: 'shop-rome', names: ['web-token'] }
  await dispatchTokens([peering], event, now)
  expect(held()).toEqual(['hunter2-3', 'hunter2-4'])
})

test('the sweep of Secrets leaves it alone, and a home Secret of its name is not reflected', async () => {
  pod()
  await wake()
  const before = secret()
  world.rome.user.create(SECRET, { metadata: { namespace: 'shop', name: 'web-token' }, type: 'Opaque', data: {} })
  await sweep([world.peering], { deleteBudget: 100, reportOnly: false, log: world.peering.log })
  expect(secret()).toEqual(before)
})
