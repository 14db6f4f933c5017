import type { NodeFacts } from './forge.ts'
import type { Tunnel } from './tunnel.ts'

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  lastHeartbeatTime: string
  lastTransitionTime: string
}

type Told = Pick<NodeFacts, 'remote' | 'capacity' | 'network'>
type Fresh = Omit<Condition, 'lastHeartbeatTime' | 'lastTransitionTime'>

/** What the node says of itself, without times. Reasons are Liqo's. */
export function freshConditions({ remote, capacity, network }: Told): Fresh[] {
  const hasResources = ['cpu', 'memory'].every((resource) => Number.parseInt(capacity[resource] ?? '0', 10) > 0)
  const isReady = hasResources && (network?.isUp ?? true)
  const pressure = (type: string, under: string, free: string): Fresh => ({
    type,
    status: hasResources ? 'False' : 'True',
    reason: `RemoteClusterHas${hasResources ? free : under}`,
    message: hasResources ? `Cluster ${remote} has room for more pods` : `Cluster ${remote} offers no CPU or no memory`,
  })
  return [
    {
      type: 'Ready',
      status: isReady ? 'True' : 'False',
      reason: isReady ? 'KubeletReady' : 'KubeletNotReady',
      message: isReady ? `Cluster ${remote} takes pods` : `Cluster ${remote} takes no pods, see the other conditions`,
    },
    pressure('MemoryPressure', 'MemoryPressure', 'SufficientMemory'),
    pressure('DiskPressure', 'DiskPressure', 'NoDiskPressure'),
    pressure('PIDPressure', 'PIDPressure', 'NoPIDPressure'),
    ...(network ? [networkCondition(network)] : []),
  ]
}

/** Whether the internal network reaches the cluster. */
export function networkCondition({ isUp, why }: Tunnel): Fresh {
  return {
    type: 'NetworkUnavailable',
    status: isUp ? 'False' : 'True',
    reason: isUp ? 'LiqoNetworkingUp' : 'LiqoNetworkingDown',
    message: why,
  }
}
