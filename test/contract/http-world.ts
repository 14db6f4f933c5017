import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster as ControlPlane, startCluster } from '../../infra/controlplane/cluster.ts'
import { freePort } from '../../infra/controlplane/ports.ts'
import { loadCredentials } from '../../lib/cluster/credentials.ts'
import { type HttpCluster, httpCluster } from '../../lib/cluster/http.ts'
import { pathOf } from '../../lib/cluster/port.ts'
import { type ContractUser, type ContractWorld, THING } from './world.ts'

/** Any members; lists are atomic. */
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const atoms = { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true } }
const body = { ...open, properties: { list: atoms, map: { ...open, properties: { list: atoms } } } }

/** The kind that takes any field, as the real API server needs it declared. */
const CRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${THING.plural}.${THING.group}` },
  spec: {
    group: THING.group,
    scope: 'Namespaced',
    names: { plural: THING.plural, singular: 'thing', kind: THING.kind, listKind: 'ThingList' },
    versions: [
      {
        name: THING.version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { spec: body, status: body },
          },
        },
      },
    ],
  },
}

export interface HttpWorld extends ContractWorld {
  cluster: HttpCluster
  controlPlane: ControlPlane
}

/** A real API server (no controllers: nothing but the tests writes) with the contract's kind. */
export async function httpWorld(): Promise<HttpWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-contract-'))
  const controlPlane = await startCluster({ name: 'contract', dir, components: [] })
  const { server, caPem, kubeconfig } = controlPlane
  const stranger = await controlPlane.kubeconfigFor({ user: 'stranger', groups: [] })
  const connect = async (source: Parameters<typeof loadCredentials>[1]) =>
    httpCluster({ id: 'rome', credentials: await loadCredentials('rome', source), caller: 'contract' })

  const cluster = await connect({ kubeconfig })
  const clusters = {
    cluster,
    forbidden: await connect({ kubeconfig: stranger }),
    unauthorized: await connect({ server, ca: caPem, token: 'not-a-token' }),
    unreachable: await connect({ server: `https://127.0.0.1:${await freePort()}`, ca: caPem, token: 'any' }),
  }
  await install(cluster)
  return {
    ...clusters,
    controlPlane,
    user: userOf(cluster),
    async stop() {
      for (const each of Object.values(clusters)) each.close()
      await controlPlane.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Applies the CRD and waits until its kind is served and takes objects. */
async function install(cluster: HttpCluster): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await expectSuccess(cluster, 'POST', path, CRD)
  for (;;) {
    const { status } = await cluster.request('GET', pathOf(THING, 'default'))
    const found = await cluster.request('GET', `${path}/${CRD.metadata.name}`)
    if (status === 200 && /"type":"Established","status":"True"|"Established"/.test(found.text)) return
    await new Promise((next) => setTimeout(next, 50))
  }
}

function userOf(cluster: HttpCluster): ContractUser {
  const manager = '?fieldManager=someone-else'
  return {
    create: (resource, object) =>
      expectSuccess(cluster, 'POST', pathOf(resource, object.metadata.namespace) + manager, object),
    merge: (resource, { namespace, name }, patch) =>
      expectSuccess(
        cluster,
        'PATCH',
        pathOf(resource, namespace, name) + manager,
        patch,
        'application/merge-patch+json',
      ),
    delete: (resource, { namespace, name }) => expectSuccess(cluster, 'DELETE', pathOf(resource, namespace, name), {}),
  }
}

async function expectSuccess(cluster: HttpCluster, method: string, path: string, body: unknown, contentType?: string) {
  const { status, text } = await cluster.request(method, path, {
    body: JSON.stringify(body),
    ...(contentType ? { contentType } : {}),
  })
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`)
}
