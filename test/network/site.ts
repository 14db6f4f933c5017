/** A cluster of the test: namespaces, a real control plane, and the agents of its gateway and nodes. */
import { mkdir, readFile } from 'node:fs/promises'
import { createServer, connect as dial, type Server } from 'node:net'
import { join } from 'node:path'
import { type Cluster as ControlPlane, startCluster } from '../../infra/controlplane/cluster.ts'
import { readCrd } from '../../infra/crds.ts'
import { eventually } from '../../infra/local/eventually.ts'
import { kubectlFor } from '../../infra/local/kubectl.ts'
import { ROOT } from '../../infra/local/root.ts'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../lib/cluster/resources.ts'
import { gatewayWorkloads } from '../../lib/flows/network/fabric/index.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from '../../lib/flows/network/fabric/names.ts'
import { type Agent, startAgent } from './agent.ts'
import type { Space } from './space.ts'
import { type Cluster, GATEWAY_IP, NODES } from './topology.ts'
import { relay } from './traffic.ts'

export interface Site extends Cluster {
  readonly controlPlane: ControlPlane
  readonly agents: { gateway: Agent; routes: [Agent, Agent] }
  startGateway(space?: Space, ip?: string): Promise<Agent>
  startRoute(index: 0 | 1): Promise<Agent>
  /** Server-side apply of an object in SYSTEM_NAMESPACE, by its path below the namespace. */
  apply(path: string, object: Partial<KubeObject> & Record<string, unknown>, group?: string): Promise<void>
  get(path: string, group?: string): Promise<KubeObject | undefined>
  delete(path: string, group?: string): Promise<void>
  /** Writes the files of the Secret that both agents follow. @returns whether that has changed it */
  configure(files: Readonly<Record<string, string>>): Promise<boolean>
  publicKey(): Promise<string>
  /** `status.connection` of the TunnelEndpoint to a peer. */
  connection(peer: string): Promise<Connection>
  stop(): Promise<void>
}

export interface Connection {
  status?: string
  statusMessage?: string
  latency?: { value: string; timestamp: string }
  peerConfiguration?: Record<string, string>
}

const API_PORT = 6443

export async function startSite(cluster: Cluster, dir: string, program: string): Promise<Site> {
  const own = join(dir, cluster.id)
  await mkdir(own, { recursive: true })
  const controlPlane = await startCluster({ name: cluster.id, dir: own, components: [] })
  const kubectl = await kubectlFor(controlPlane.kubeconfig)
  const manifests = [
    await readFile(join(ROOT, 'infra', 'gateway', 'rbac.yaml'), 'utf8'),
    await readCrd('tunnelendpoints'),
  ]
  await kubectl(['apply', '-f', '-'], manifests.join('\n---\n'))
  for (const workload of gatewayWorkloads({ image: 'heliograph-agent', serviceType: 'NodePort' })) {
    await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(workload))
  }
  const socket = join(own, 'api.sock')
  const front = await carry(socket, Number(new URL(controlPlane.server).port))

  const pathOf = (path: string, group = '/api/v1') => `${group}/namespaces/${SYSTEM_NAMESPACE}/${path}`
  const call = async (method: string, path: string, body?: unknown) => {
    const contentType = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
    const answer = await controlPlane.call(path, { method, body, contentType })
    if (answer.status < 300 || answer.status === 404) return answer
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  const accountOf = async (name: string) => {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    const answer = await call('POST', pathOf(`serviceaccounts/${name}/token`), body)
    return { token: answer.body.status.token as string, 'ca.crt': controlPlane.caPem, namespace: SYSTEM_NAMESPACE }
  }
  const relayed = new Set<Space>()
  const start = async (mode: 'gateway' | 'route', space: Space, env: Record<string, string>) => {
    if (!relayed.has(space)) await relay(space, API_PORT, socket)
    relayed.add(space)
    const account = await accountOf(mode === 'gateway' ? GATEWAY : ROUTE)
    return startAgent({ program, mode, space, env, account, port: API_PORT, dir: own })
  }
  const hosts = [cluster.gatewayNode, cluster.node] as const
  const site = {
    ...cluster,
    controlPlane,
    agents: {} as Site['agents'],
    async startGateway(space = cluster.gateway, ip = GATEWAY_IP) {
      site.agents.gateway = await start('gateway', space, { POD_IP: ip })
      return site.agents.gateway
    },
    async startRoute(index: 0 | 1) {
      site.agents.routes[index] = await start('route', hosts[index], { NODE_NAME: NODES[index].name })
      return site.agents.routes[index]
    },
    async apply(path: string, object: object, group?: string) {
      const answer = await call('PATCH', `${pathOf(path, group)}?fieldManager=test&force=true`, object)
      if (answer.status === 404) throw new Error(`${path}: ${JSON.stringify(answer.body)}`)
    },
    async get(path: string, group?: string) {
      const answer = await call('GET', pathOf(path, group))
      return answer.status === 404 ? undefined : (answer.body as KubeObject)
    },
    async delete(path: string, group?: string) {
      await call('DELETE', pathOf(path, group))
    },
    async configure(files: Readonly<Record<string, string>>) {
      const path = `secrets/${FABRIC}`
      const before = await site.get(path)
      const data = Object.fromEntries(
        Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
      )
      await site.apply(path, { apiVersion: 'v1', kind: 'Secret', metadata: { name: FABRIC }, data })
      return JSON.stringify(before?.data) !== JSON.stringify((await site.get(path))?.data)
    },
    async publicKey() {
      const found = await eventually('a public key', () => site.get(`configmaps/${GATEWAY_KEY}`))
      return (found.data as { publicKey: string }).publicKey
    },
    async connection(peer: string) {
      const found = await site.get(`tunnelendpoints/${peer}`, LIQO)
      return ((found?.status as { connection?: Connection } | undefined)?.connection ?? {}) as Connection
    },
    async stop() {
      front.close()
      await controlPlane.stop()
    },
  }
  site.agents = { gateway: undefined as unknown as Agent, routes: [] as unknown as [Agent, Agent] }
  await site.startGateway()
  await site.startRoute(0)
  await site.startRoute(1)
  return site
}

/** Path of Liqo's group. */
export const LIQO = '/apis/net.liqo.io/v1alpha1'

/** Carries a unix socket to a port of this machine. */
async function carry(socket: string, port: number): Promise<Server> {
  const server = createServer((near) => {
    const far = dial(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socket, resolve))
  return server
}
