import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../infra/controlplane/ports.ts'
import { readCrd } from '../../infra/crds.ts'
import { eventually } from '../../infra/local/eventually.ts'
import { ROOT } from '../../infra/local/root.ts'
import { type Ended, runCommand } from '../support/command.ts'
import { type TestStage, testStage } from './stage.ts'
import { sweep } from './sweep.ts'

let stage: TestStage

beforeAll(async () => {
  stage = await testStage()
})
afterAll(() => stage?.stop())

/** `npm start -- --once` with the user's own clusters in the environment. */
function start(env: Record<string, string>): Promise<Ended> {
  const { PATH, HOME } = process.env
  const args = [join(ROOT, 'infra/local/main.ts'), '--once', '--dir', join(stage.dir, 'own')]
  return runCommand(process.execPath, args, { env: { PATH, HOME, ...env } })
}

const peered = { CLUSTERS: 'rome,milan', PEERINGS: 'rome:milan', NETWORKING_INTERNAL: 'false' }

async function admins(): Promise<Record<string, string>> {
  const { rome, milan } = stage.clusters
  return { ...peered, CLUSTER_ROME_KUBECONFIG: rome!.kubeconfig, CLUSTER_MILAN_KUBECONFIG: milan!.kubeconfig }
}

describe('clusters of the user’s own', () => {
  test('are swept once and left as they are', async () => {
    const { code, output } = await start(await admins())
    expect(output).toMatch(/sweep {6}nothing to compare/)
    expect(code).toBe(0)
  })

  test('that are not ready for the internal network', async () => {
    const { code, output } = await start({ ...(await admins()), NETWORKING_INTERNAL: 'true' })
    expect(code).toBe(1)
    for (const id of ['rome', 'milan']) {
      expect(output).toMatch(`cluster ${id}: namespace heliograph does not exist: apply the manifests of this cluster`)
    }
    expect(output).toMatch(/or set NETWORKING_INTERNAL=false/)
    expect(output).not.toMatch(/ at .*\.ts/)
  })

  test('named wrongly: all problems at once', async () => {
    const { code, output } = await start({
      CLUSTERS: 'rome,milan',
      CLUSTER_ROME_KUBECONFG: 'x',
      NETWORKING_INTERNAL: 'no',
    })
    expect(code).toBe(1)
    expect(output).toMatch(/PEERINGS: missing; name who extends into whom/)
    expect(output).toMatch(/CLUSTER_ROME_KUBECONFG: unknown variable; did you mean CLUSTER_ROME_KUBECONFIG\?/)
    expect(output).toMatch(/CLUSTER_MILAN_KUBECONFIG: no access; set one of/)
    expect(output).toMatch(/NETWORKING_INTERNAL: "no" is not valid; use true or false/)
    expect(output).not.toMatch(/ at .*\.ts/)
  })

  test('out of reach', async () => {
    const server = `https://127.0.0.1:${await freePort()}`
    const { CLUSTER_MILAN_KUBECONFIG: _, ...env } = await admins()
    const { code, output } = await start({ ...env, CLUSTER_MILAN_SERVER: server, CLUSTER_MILAN_TOKEN: 't' })
    expect(code).toBe(1)
    expect(output).toMatch(/cluster milan: .*127\.0\.0\.1:\d+.*ECONNREFUSED/)
  })

  test('with a token that is wrong or expired', async () => {
    const { cluster } = stage.clusters.milan!
    const { CLUSTER_MILAN_KUBECONFIG: _, ...env } = await admins()
    const access = {
      CLUSTER_MILAN_SERVER: cluster.server,
      CLUSTER_MILAN_CA: cluster.caPem,
      CLUSTER_MILAN_TOKEN: 'expired',
    }
    const { code, output } = await start({ ...env, ...access })
    expect(code).toBe(1)
    expect(output).toMatch(/cluster milan: .*CLUSTER_MILAN_/)
    expect(output).toMatch(/expired/i)
    expect(output).not.toContain('Bearer')
  })

  test('without the rights: every verb and resource, and the manifest', async () => {
    const kubeconfig = await stage.clusters.milan!.cluster.kubeconfigFor({ user: 'nobody' })
    const { code, output } = await start({ ...(await admins()), CLUSTER_MILAN_KUBECONFIG: kubeconfig })
    expect(code).toBe(1)
    expect(output).toMatch(/cluster milan: .*namespaces/)
    expect(output).toMatch(/npm run manifests/)
  })

  test('with a kubeconfig that is not there', async () => {
    const { code, output } = await start({ ...(await admins()), CLUSTER_ROME_KUBECONFIG: '/nowhere/kubeconfig' })
    expect(code).toBe(1)
    expect(output).toMatch(/cluster rome: .*\/nowhere\/kubeconfig/)
  })
})

describe('a NamespaceOffloading', () => {
  const apply = (namespace: string, spec: object, name = 'offloading') =>
    stage.clusters.rome!.kubectl.try(
      ['apply', '-f', '-'],
      JSON.stringify({
        apiVersion: 'offloading.liqo.io/v1beta1',
        kind: 'NamespaceOffloading',
        metadata: { name, namespace },
        spec,
      }),
    )

  test.each([
    { name: 'of another name', spec: {}, as: 'mine', want: /must be named "offloading"/ },
    {
      name: 'of no such strategy',
      spec: { namespaceMappingStrategy: 'Any' },
      want: /namespaceMappingStrategy: Unsupported value: "Any"/,
    },
    {
      name: 'of SelectedName without a name',
      spec: { namespaceMappingStrategy: 'SelectedName' },
      want: /SelectedName needs remoteNamespaceName/,
    },
    {
      name: 'of a name that no namespace can have',
      spec: { namespaceMappingStrategy: 'SelectedName', remoteNamespaceName: 'Not A Name' },
      want: /remoteNamespaceName.*should match/s,
    },
    { name: 'with a selector without terms', spec: { clusterSelector: {} }, want: /nodeSelectorTerms: Required value/ },
  ])('$name is refused when it is written', async ({ spec, as, want }) => {
    const { code, stderr } = await apply('default', spec, as)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(want)
  })

  test('cannot change its mapping', async () => {
    await stage.clusters.rome!.kubectl(['create', 'namespace', 'fixed'])
    expect(await apply('fixed', {})).toMatchObject({ code: 0 })
    const { stderr } = await apply('fixed', { namespaceMappingStrategy: 'EnforceSameName' })
    expect(stderr).toMatch(/namespaceMappingStrategy cannot be changed; delete the NamespaceOffloading/)
  })

  const told = (namespace: string) =>
    eventually(`the status of ${namespace}`, async () => {
      const found = await stage.clusters.rome!.kubectl.get('nsof', 'offloading', namespace)
      const status = found?.status as
        | { offloadingPhase: string; remoteNamespacesConditions: Record<string, { type: string; message: string }[]> }
        | undefined
      const ready = status?.remoteNamespacesConditions.milan?.find(({ type }) => type === 'Ready')
      return ready && `${status?.offloadingPhase}: ${ready.message}`
    })

  test('whose remote name gets too long says so', async () => {
    const namespace = 'n'.repeat(60)
    await stage.clusters.rome!.kubectl(['create', 'namespace', namespace])
    await apply(namespace, {})
    expect(await told(namespace)).toMatch(/^AllFailed: .*has 65 characters, at most 63 are allowed; use .*SelectedName/)
  })

  test('whose remote name belongs to somebody else says so, and touches nothing', async () => {
    await stage.clusters.milan!.kubectl(['create', 'namespace', 'taken-rome'])
    const before = await stage.clusters.milan!.kubectl.get('namespace', 'taken-rome')
    await stage.clusters.rome!.kubectl(['create', 'namespace', 'taken'])
    await apply('taken', {})
    expect(await told('taken')).toMatch(
      /^AllFailed: namespace taken-rome exists there and is not ours; it is left alone/,
    )
    expect(await stage.clusters.milan!.kubectl.get('namespace', 'taken-rome')).toEqual(before)
  })

  test('of a system namespace is refused', async () => {
    await apply('kube-public', {})
    await stage.host.invoke('sweep', {})
    expect(await told('kube-public')).toMatch(/^AllFailed: Namespace kube-public belongs to Kubernetes/)
  })
})

test('a missing CRD stops the sweep with the manifest to apply, and deletes nothing', async () => {
  const { rome, milan } = stage.clusters
  await rome!.kubectl(['create', 'namespace', 'shop'])
  await rome!.kubectl(['-n', 'shop', 'create', 'configmap', 'a', '--from-literal=k=v'])
  await rome!.kubectl(['apply', '-f', '-'], await readFile(join(import.meta.dirname, 'shop-offloading.yaml'), 'utf8'))
  await eventually('the copy', () => milan!.kubectl.get('configmap', 'a', 'shop-rome'))
  await rome!.kubectl(['delete', 'crd', 'namespaceoffloadings.offloading.liqo.io'])
  expect(await sweep(stage)).toMatchObject({ deleted: 0 })
  expect(stage.lines.join('\n')).toMatch(/apply the CRDs of Heliograph \(infra\/crds\)/)
  expect(await milan!.kubectl.get('configmap', 'a', 'shop-rome')).toBeDefined()
  await rome!.kubectl(['apply', '-f', '-'], await readCrd('namespaceoffloadings'))
})
