import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../infra/local/eventually.ts'
import { type Stage, startStage } from '../../infra/local/stage.ts'
import { loadCredentials } from '../../lib/cluster/credentials.ts'
import { type HttpCluster, httpCluster } from '../../lib/cluster/http.ts'
import { type Watch, watch } from './watch.ts'

/** Two control planes with the functions between them, and a driver on each side that is no part of them. */
export interface World {
  stage: Stage
  rome: HttpCluster
  milan: HttpCluster
  /** Makes and offloads a namespace. @returns a watch of the ConfigMaps of its copy */
  namespace(name: string): Promise<Watch>
  /** POST, PUT or DELETE of a ConfigMap, as a user. */
  write(
    cluster: HttpCluster,
    verb: 'create' | 'update' | 'delete',
    namespace: string,
    name: string,
    data?: string,
  ): Promise<void>
  stop(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-bench-'))
  const stage = await startStage({
    dir,
    speed: 0,
    auditBatchMaxWaitMs: 5,
    env: { NETWORKING_INTERNAL: 'false' },
    // A function in trouble would only show as a measurement that never ends.
    onLine: (name, line) => void (/"level":"(warn|error)"/.test(line) && process.stderr.write(`${name} ${line}\n`)),
  })
  const driver = async (id: string) =>
    httpCluster({
      id,
      caller: 'bench',
      credentials: await loadCredentials(id, { kubeconfig: stage.clusters[id]!.kubeconfig }),
    })
  const [rome, milan] = [await driver('rome'), await driver('milan')]
  const write: World['write'] = async (cluster, verb, namespace, name, data = 'v') => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { k: data } }
    const [method, at, body] = {
      create: ['POST', path, JSON.stringify(object)] as const,
      update: ['PUT', `${path}/${name}`, JSON.stringify(object)] as const,
      delete: ['DELETE', `${path}/${name}`, undefined] as const,
    }[verb]
    // As a user: the functions' own User-Agent would make the webhook drop the event.
    const headers = { 'user-agent': 'bench' }
    const { status, text } = await cluster.request(method, at, { headers, ...(body === undefined ? {} : { body }) })
    if (status >= 300) throw new Error(`${verb} ${name} in ${cluster.id}: ${status} ${text}`)
  }
  return {
    stage,
    rome,
    milan,
    write,
    async namespace(name) {
      const { kubectl } = stage.clusters.rome!
      await kubectl(['create', 'namespace', name])
      const offloading = {
        apiVersion: 'offloading.liqo.io/v1beta1',
        kind: 'NamespaceOffloading',
        metadata: { name: 'offloading', namespace: name },
        spec: {},
      }
      await kubectl(['apply', '-f', '-'], JSON.stringify(offloading))
      await eventually(`${name} is ready`, async () => {
        const found = await kubectl.get('nsof', 'offloading', name)
        return (found?.status as { offloadingPhase?: string } | undefined)?.offloadingPhase === 'Ready'
      })
      return watch(stage.clusters.milan!.cluster.admin, `/api/v1/namespaces/${name}-rome/configmaps`)
    },
    async stop() {
      rome.close()
      milan.close()
      await stage.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
