/**
 * Plays, in namespaces, what a cluster of the stage lacks: for each of its running pods a namespace with the pod's own
 * address, and in it what the pod runs: the agent, as its manifest says, or a server on port 8080; and the cloud's load
 * balancer. kwok only says that pods run.
 */
import type { StageCluster } from '../../infra/local/clusters.ts'
import { GATEWAY } from '../../lib/flows/network/fabric/names.ts'
import { type Agent, startAgent } from './agent.ts'
import { connectApi } from './api.ts'
import type { Net, Space } from './space.ts'
import { addRoutedPod, buildNodes, type NodePlan, removeRoutedPod, serveGateway } from './topology.ts'
import { serve } from './traffic.ts'

export interface Kubelet {
  readonly nodes: readonly [Space, Space]
  /** Where the pod with an address runs. */
  podAt(ip: string): Space
  /** What hinders it, what runs, and what each agent has said last. */
  report(): string
  /** The load balancer gets another address. */
  move(publicIP: string): Promise<void>
  stop(): Promise<void>
}

export interface KubeletOptions {
  net: Net
  wan: Space
  id: string
  publicIP: string
  podCIDR: string
  stage: StageCluster
  /** The agent. */
  program: string
}

interface Pod {
  metadata: { uid: string; name: string; namespace: string; deletionTimestamp?: string }
  spec: {
    nodeName?: string
    hostNetwork?: boolean
    serviceAccountName: string
    containers: {
      args?: string[]
      env?: { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } }[]
    }[]
  }
  status: { phase?: string; podIP?: string }
}

interface Container {
  readonly isGateway: boolean
  readonly agent?: Agent
}

interface Running extends Container {
  readonly name: string
  readonly node: Space
  /** Its own, or the node's. */
  readonly space: Space
  readonly ip: string
}

export async function startKubelet({
  net,
  wan,
  id,
  podCIDR,
  stage,
  program,
  ...options
}: KubeletOptions): Promise<Kubelet> {
  const { cluster, kubectl } = stage
  const api = await connectApi(cluster)
  const plans = (await nodesOf(cluster.call)) as [NodePlan, NodePlan]
  const nodes = await buildNodes(net, wan, { id, publicIP: options.publicIP, nodes: plans })
  const running = new Map<string, Running>()
  let publicIP = options.publicIP
  let balanced = ''

  const run = async (pod: Pod): Promise<Running> => {
    const { name } = pod.metadata
    const ip = pod.status.podIP!
    const index = plans.findIndex((plan) => plan.name === pod.spec.nodeName)
    const node = nodes[index]!
    if (pod.spec.hostNetwork) return { name, node, space: node, ip, ...(await startContainer(pod, node)) }
    const space = await net.space(`${id}-${name}`)
    try {
      const others = nodes.filter((other) => other !== node)
      await addRoutedPod(net, { node, nodeIP: plans[index]!.ip, others }, space, ip)
      return { name, node, space, ip, ...(await startContainer(pod, space)) }
    } catch (error) {
      // Tried again from the beginning.
      await net.remove(space)
      throw error
    }
  }

  const startContainer = async ({ spec, status }: Pod, space: Space): Promise<Container> => {
    const [{ args: [mode] = [], env = [] } = {}] = spec.containers
    if (mode !== 'gateway' && mode !== 'route') {
      await serve(space, 8080)
      return { isGateway: false }
    }
    const fields = { 'status.podIP': status.podIP!, 'spec.nodeName': spec.nodeName! } as Record<string, string>
    const values = env.map(({ name, value, valueFrom }) => [name, value ?? fields[valueFrom!.fieldRef.fieldPath]!])
    const agent = await startAgent({
      program,
      mode,
      space,
      env: Object.fromEntries(values),
      api,
      account: spec.serviceAccountName,
      dir: cluster.dir,
    })
    return { agent, isGateway: mode === 'gateway' }
  }

  const end = async ({ agent, node, space, ip }: Running) => {
    await agent?.end('SIGTERM')
    if (space === node) return
    // The next pod may have the same address, and with it a cable of the same name.
    await removeRoutedPod(node, ip)
    await net.remove(space)
  }

  /** The cloud gives the Service an address, and leads what comes there to the gateway's Pod. */
  const balance = async () => {
    const gateway = [...running.values()].find(({ isGateway }) => isGateway)
    const service = gateway && (await api.get(`services/${GATEWAY}`))
    if (gateway === undefined || service === undefined || balanced === `${publicIP} ${gateway.ip}`) return
    await serveGateway(nodes[0], publicIP, gateway.ip, podCIDR)
    const status = JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: publicIP }] } } })
    await kubectl([
      '-n',
      'heliograph',
      'patch',
      'service',
      GATEWAY,
      '--subresource=status',
      '--type=merge',
      '-p',
      status,
    ])
    balanced = `${publicIP} ${gateway.ip}`
  }

  const look = async () => {
    const { body } = await cluster.call('/api/v1/pods')
    const pods = (body.items as Pod[]).filter(
      ({ spec, status }) =>
        plans.some(({ name }) => name === spec.nodeName) && status.phase === 'Running' && status.podIP,
    )
    const uids = new Set(pods.map(({ metadata }) => metadata.uid))
    for (const [uid, one] of running) {
      if (uids.has(uid)) continue
      running.delete(uid)
      await end(one)
    }
    for (const pod of pods) if (!running.has(pod.metadata.uid)) running.set(pod.metadata.uid, await run(pod))
    await balance()
  }

  let isOver = false
  let problem: unknown
  // It goes on whatever happens, as a kubelet does.
  const looking = (async () => {
    while (!isOver) {
      problem = await look().then(
        () => undefined,
        (error) => error,
      )
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })()
  return {
    nodes,
    podAt(ip) {
      if (problem) throw problem
      const found = [...running.values()].find((one) => one.ip === ip && one.space !== one.node)
      if (found === undefined) throw new Error(`no pod runs at ${ip}`)
      return found.space
    },
    report() {
      const pods = [...running.values()].map(({ name, ip, agent }) =>
        [`${name} at ${ip}`, ...(agent?.lines.slice(-20) ?? [])].join('\n  '),
      )
      return [`${id}: ${problem ? `hindered: ${problem}` : 'no problem'}`, ...pods].join('\n')
    },
    async move(next) {
      await nodes[0].ip(`addr del ${publicIP}/24 dev wan0`, `addr add ${next}/24 dev wan0`)
      await nodes[0].run('conntrack', '-F')
      publicIP = next
    },
    async stop() {
      isOver = true
      await looking
      api.close()
      if (problem) throw problem
    },
  }
}

async function nodesOf(call: StageCluster['cluster']['call']): Promise<NodePlan[]> {
  const { body } = await call('/api/v1/nodes?labelSelector=type=kwok')
  const nodes = body.items as {
    metadata: { name: string }
    status: { addresses: { type: string; address: string }[] }
  }[]
  return nodes.map(({ metadata: { name }, status: { addresses } }) => ({
    name,
    ip: addresses.find(({ type }) => type === 'InternalIP')!.address,
  }))
}
