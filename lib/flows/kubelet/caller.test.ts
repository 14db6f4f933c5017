import { beforeAll, expect, test } from 'vitest'
import { type Authority, createAuthority, mintClient, mintServing } from '../../../infra/controlplane/pki.ts'
import { callers, type Identify, KubeletClientCaError, UnknownCallerError } from './caller.ts'

/** Of the same name, as kubeadm gives it to all clusters. */
let rome: Authority
let turin: Authority
let stranger: Authority
let identify: Identify
beforeAll(async () => {
  const create = () => createAuthority('kubernetes')
  ;[rome, turin, stranger] = await Promise.all([create(), create(), create()])
  identify = callers([
    { id: 'rome', ca: rome.certPem },
    { id: 'turin', ca: turin.certPem },
  ])
})

const DAY = 24 * 60 * 60 * 1000

const certificate = async (authority: Authority, groups = ['system:masters']) =>
  (await mintClient(authority, { user: 'kube-apiserver-kubelet-client', groups })).certPem

test('a certificate tells the cluster by who signed it, and the user and groups by its subject', async () => {
  expect(identify(await certificate(rome), Date.now())).toEqual({
    home: 'rome',
    user: 'kube-apiserver-kubelet-client',
    groups: ['system:masters'],
  })
  expect(identify(await certificate(turin, ['a', 'b']), Date.now())).toMatchObject({
    home: 'turin',
    groups: ['a', 'b'],
  })
  expect(identify(await certificate(turin, []), Date.now())).toMatchObject({ groups: [] })
})

test('nobody is known by anything else', async () => {
  const good = await certificate(rome)
  const refused: [string | undefined, number][] = [
    [undefined, Date.now()],
    ['', Date.now()],
    ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', Date.now()],
    [await certificate(stranger), Date.now()],
    [(await mintServing(rome, { hosts: ['localhost'] })).certPem, Date.now()],
    [good, Date.now() + 400 * DAY],
    [good, Date.now() - DAY],
  ]
  for (const [pem, now] of refused) expect(() => identify(pem, now)).toThrow(UnknownCallerError)
})

test('two authorities of one cluster, while one is replaced', async () => {
  const both = callers([{ id: 'rome', ca: `${stranger.certPem}${rome.certPem}` }])
  expect(both(await certificate(rome), Date.now()).home).toBe('rome')
  expect(both(await certificate(stranger), Date.now()).home).toBe('rome')
})

test('an authority that is none, or that two clusters share, stops the start', async () => {
  expect(() => callers([{ id: 'rome', ca: 'x' }])).toThrow(KubeletClientCaError)
  const leaf = await certificate(rome)
  expect(() => callers([{ id: 'rome', ca: leaf }])).toThrow('cluster rome: its kubelet client CA is none')
  const shared = ['rome', 'turin'].map((id) => ({ id, ca: rome.certPem }))
  expect(() => callers(shared)).toThrow('is that of another cluster too')
})
