import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleAll } from '../../infra/bundle.ts'
import { startCluster } from '../../infra/controlplane/cluster.ts'
import { createAuthority, mintServing } from '../../infra/controlplane/pki.ts'
import { freePort } from '../../infra/controlplane/ports.ts'
import type { StageCluster } from '../../infra/local/clusters.ts'
import { crdsServed } from '../../infra/local/crds-served.ts'
import { eventually } from '../../infra/local/eventually.ts'
import { type Host, startHost } from '../../infra/local/host.ts'
import { kubectlFor } from '../../infra/local/kubectl.ts'
import { ROOT } from '../../infra/local/root.ts'
import { playScenario } from '../../infra/local/scenario.ts'
import { readOwnService } from '../../infra/local/service/own.ts'
import { ACTING } from '../../infra/rights.ts'
import { runCommand } from '../support/command.ts'

/**
 * Clusters that are set up by nothing but what `npm run manifests` gives: rome's API server tells by its audit backend,
 * milan's by a webhook configuration. Each function has a token of its own in each of them.
 */
const SETUPS = {
  rome: { events: 'audit', nodes: 0, serviceCIDR: '10.96.0.0/16' },
  milan: { events: 'webhook', nodes: 2, serviceCIDR: '10.97.0.0/16' },
} as const
const IDS = ['rome', 'milan'] as const

let dir: string
let host: Host
const started = new AsyncDisposableStack()
const clusters: Record<string, StageCluster> = {}
const manifests: Record<string, string> = {}
const lines: string[] = []

/** The command as a person runs it. */
async function manifestsOf(args: string[], env: Record<string, string>): Promise<string> {
  const main = join(ROOT, 'infra/manifests/main.ts')
  const { code, stdout, stderr } = await runCommand(process.execPath, [main, ...args], { env })
  expect(code, stderr).toBe(0)
  return stdout
}

/** The flags that the README of the files names. */
async function flagsIn(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'README.md'), 'utf8')
  return text.split('\n').filter((line) => line.startsWith('--'))
}

async function tokenOf(id: string, fn: string): Promise<string> {
  const secret = await eventually(`a token for ${fn} in ${id}`, async () => {
    const found = await clusters[id]!.kubectl.get('secret', fn, 'heliograph-functions')
    return (found?.data as { token?: string } | undefined)?.token
  })
  return Buffer.from(secret, 'base64').toString()
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-manifests-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const authority = await createAuthority('functions')
  const { certPem: cert, keyPem: key } = await mintServing(authority, { hosts: ['127.0.0.1'] })
  const ca = join(dir, 'functions-ca.pem')
  await writeFile(ca, authority.certPem)
  const ports = { webhook: await freePort(), admission: await freePort(), kubelet: await freePort() }
  const env: Record<string, string> = {
    CLUSTERS: IDS.join(),
    PEERINGS: 'rome:milan',
    NETWORKING_INTERNAL: 'false',
    OFFLOADING_KUBELET: `127.0.0.1:${ports.kubelet}`,
    CLUSTER_MILAN_STORAGE_CLASS: 'disk',
  }
  for (const id of IDS) {
    const prefix = `CLUSTER_${id.toUpperCase()}_`
    env[`${prefix}SERVER`] = 'https://not.known.yet'
    env[`${prefix}TOKEN`] = 'not made yet'
    env[`${prefix}WEBHOOK_TOKEN`] = `token-of-${id}`
  }
  for (const id of IDS) {
    const { events, nodes, serviceCIDR } = SETUPS[id]
    const folder = join(dir, `${id}-files`)
    const urls = ['admission', 'webhook'].flatMap((name) => [
      `--${name}-url`,
      `https://127.0.0.1:${ports[name as keyof typeof ports]}/`,
    ])
    const more = ['--ca', ca, '--events', events, '--out', folder, '--path', folder]
    manifests[id] = await manifestsOf(['--cluster', id, ...urls, ...more], env)
    const cluster = await startCluster({
      name: id,
      dir: join(dir, id),
      nodes,
      serviceCIDR,
      extraApiServerArgs: await flagsIn(folder),
    })
    started.defer(() => cluster.stop())
    clusters[id] = { cluster, kubeconfig: cluster.kubeconfig, kubectl: await kubectlFor(cluster.kubeconfig) }
    await clusters[id].kubectl(['apply', '-f', '-'], manifests[id])
    await crdsServed(clusters[id].kubectl)
  }
  const envOf: Record<string, Record<string, string>> = Object.fromEntries(ACTING.map((fn) => [fn, {}]))
  for (const id of IDS) {
    const prefix = `CLUSTER_${id.toUpperCase()}_`
    env[`${prefix}SERVER`] = clusters[id]!.cluster.server
    env[`${prefix}CA`] = clusters[id]!.cluster.caPem
    const made = (await clusters[id]!.kubectl(['-n', 'heliograph-functions', 'get', 'sa', '-o', 'name'])).split('\n')
    for (const fn of ACTING.filter((one) => made.includes(`serviceaccount/${one}`))) {
      envOf[fn]![`${prefix}TOKEN`] = await tokenOf(id, fn)
    }
  }
  const { caPem } = clusters.rome!.cluster
  env.CLUSTER_ROME_KUBELET_CLIENT_CA = caPem
  host = await startHost({
    service: await readOwnService(env),
    bundles: await bundleAll(),
    tls: { cert, key },
    dlqDir: join(dir, 'dead-letters'),
    ports,
    clientCas: { kubelet: [caPem] },
    envOf,
    backoffs: { function: 200, handover: 200 },
    onLine: (name, line) => lines.push(`${name} ${line}`),
  })
  started.defer(async () => void (await host.stop()))
})
afterAll(() => started.disposeAsync())

test.each(IDS)('%s: applied again, nothing changes', async (id) => {
  const told = (await clusters[id]!.kubectl(['apply', '-f', '-'], manifests[id])).trim().split('\n')
  expect(told.length).toBeGreaterThan(10)
  expect(told.filter((line) => !line.endsWith(' unchanged'))).toEqual([])
})

test('the main job needs no more than that: no function is forbidden anything', async () => {
  const checks = await playScenario({ clusters, host }, () => {})
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  const { payload } = await host.invoke('sweep', {})
  expect(JSON.parse(payload)).toMatchObject({ failed: 0 })
  expect(lines.filter((line) => /forbidden|Unauthorized/i.test(line))).toEqual([])
  const letters = await host.deadLetters.list()
  expect(letters, lines.filter((line) => line.includes('"level":"error"')).join('\n')).toEqual([])
})

test('and each has its own: the function of ConfigMaps reads no Secret, and writes nothing at home but Events', async () => {
  const can = async (id: string, fn: string, ...what: string[]) => {
    const as = `--as=system:serviceaccount:heliograph-functions:${fn}`
    const { stdout } = await clusters[id]!.kubectl.try(['auth', 'can-i', '-A', ...what, as])
    return stdout.trim() === 'yes'
  }
  expect(await can('rome', 'configmap', 'get', 'configmaps')).toBe(true)
  expect(await can('rome', 'configmap', 'patch', 'configmaps')).toBe(false)
  expect(await can('rome', 'configmap', 'get', 'secrets')).toBe(false)
  expect(await can('milan', 'configmap', 'patch', 'configmaps')).toBe(true)
  expect(await can('milan', 'configmap', 'patch', 'secrets')).toBe(false)
  expect(await can('milan', 'secret', 'patch', 'secrets')).toBe(true)
  expect(await can('rome', 'webhook', 'get', 'namespaces')).toBe(false)
})

test('milan’s writes are told by its webhook: what somebody spoils there is mended', async () => {
  const { rome, milan } = clusters
  const offloading = {
    apiVersion: 'offloading.liqo.io/v1beta1',
    kind: 'NamespaceOffloading',
    metadata: { name: 'offloading', namespace: 'kept' },
    spec: {},
  }
  await rome!.kubectl(['create', 'namespace', 'kept'])
  await rome!.kubectl(['-n', 'kept', 'create', 'configmap', 'kept', '--from-literal=k=v'])
  await rome!.kubectl(['apply', '-f', '-'], JSON.stringify(offloading))
  const copy = async () =>
    (await milan!.kubectl.get('configmap', 'kept', 'kept-rome'))?.data as { k?: string } | undefined
  await eventually('the copy', copy)
  await milan!.kubectl(['-n', 'kept-rome', 'patch', 'configmap', 'kept', '--patch', '{"data":{"k":"spoilt"}}'])
  await eventually('mended', async () => (await copy())?.k === 'v')
})
