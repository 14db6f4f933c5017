/** A cluster of the test: namespaces, a real control plane, and the agents of its gateway and nodes. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startCluster } from '../../infra/controlplane/cluster.ts'
import { readCrd } from '../../infra/crds.ts'
import { eventually } from '../../infra/local/eventually.ts'
import { kubectlFor } from '../../infra/local/kubectl.ts'
import { ROOT } from '../../infra/local/root.ts'
import { gatewayWorkloads } from '../../lib/flows/network/fabric/index.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from '../../lib/flows/network/fabric/names.ts'
import { type Agent, startAgent } from './agent.ts'
import { type Api, connectApi, LIQO } from './api.ts'
import type { Space } from './space.ts'
import type { Cluster } from './topology.ts'

export interface Site extends Cluster, Omit<Api, 'close'> {
  readonly agents: { gateway: Agent; routes: [Agent, Agent] }
  startGateway(space?: Space, ip?: string): Promise<Agent>
  startRoute(index: 0 | 1): Promise<Agent>
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

export async function startSite(cluster: Cluster, parent: string, program: string): Promise<Site> {
  const dir = join(parent, cluster.id)
  await mkdir(dir, { recursive: true })
  const controlPlane = await startCluster({ name: cluster.id, dir, components: [] })
  const kubectl = await kubectlFor(controlPlane.kubeconfig)
  const manifests = [
    await readFile(join(ROOT, 'infra', 'gateway', 'rbac.yaml'), 'utf8'),
    await readCrd('tunnelendpoints'),
  ]
  await kubectl(['apply', '-f', '-'], manifests.join('\n---\n'))
  for (const workload of gatewayWorkloads({ image: 'heliograph-agent', serviceType: 'NodePort' })) {
    await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(workload))
  }
  const { close, ...api } = await connectApi(controlPlane)
  const common = { program, api: { ...api, close }, dir }
  const hosts = [cluster.gatewayNode, cluster.node] as const
  const startGateway = (space = cluster.gateway, ip = cluster.plan.gatewayIP) =>
    startAgent({ ...common, mode: 'gateway', space, env: { POD_IP: ip }, account: GATEWAY })
  const startRoute = (index: 0 | 1) =>
    startAgent({
      ...common,
      mode: 'route',
      space: hosts[index],
      env: { NODE_NAME: cluster.plan.nodes[index].name },
      account: ROUTE,
    })
  const agents: Site['agents'] = {
    gateway: await startGateway(),
    routes: [await startRoute(0), await startRoute(1)],
  }
  return {
    ...cluster,
    ...api,
    agents,
    async startGateway(space, ip) {
      agents.gateway = await startGateway(space, ip)
      return agents.gateway
    },
    async startRoute(index) {
      agents.routes[index] = await startRoute(index)
      return agents.routes[index]
    },
    async configure(files) {
      const path = `secrets/${FABRIC}`
      const before = await api.get(path)
      const entries = Object.entries(files).map(([name, text]) => [name, Buffer.from(text).toString('base64')])
      const data = Object.fromEntries(entries)
      await api.apply(path, { apiVersion: 'v1', kind: 'Secret', metadata: { name: FABRIC }, data })
      return JSON.stringify(before?.data) !== JSON.stringify((await api.get(path))?.data)
    },
    async publicKey() {
      const found = await eventually('a public key', () => api.get(`configmaps/${GATEWAY_KEY}`))
      return (found.data as { publicKey: string }).publicKey
    },
    async connection(peer) {
      const found = await api.get<{ status?: { connection?: Connection } }>(`tunnelendpoints/${peer}`, LIQO)
      return found?.status?.connection ?? {}
    },
    async stop() {
      close()
      await controlPlane.stop()
    },
  }
}
