import { describe, expect, test } from 'vitest'
import type { Condition } from './conditions.ts'
import { type NodeFacts, nodeStatus, TAINT, virtualNode } from './forge.ts'

const facts: NodeFacts = {
  home: 'rome',
  remote: 'milan',
  labels: {},
  clusterUid: 'uid-milan',
  capacity: { cpu: '2', memory: '4G' },
  kubeletVersion: 'v1.36.3',
  network: undefined,
}
const [EARLIER, NOW] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z']
const told = (change: Partial<NodeFacts>, before: Condition[] = []) =>
  Object.fromEntries(
    nodeStatus({ ...facts, ...change }, before, NOW).conditions.map(({ type, status, reason }) => [
      type,
      `${status} ${reason}`,
    ]),
  )

const FREE = {
  MemoryPressure: 'False RemoteClusterHasSufficientMemory',
  DiskPressure: 'False RemoteClusterHasNoDiskPressure',
  PIDPressure: 'False RemoteClusterHasNoPIDPressure',
}
const UNDER = {
  MemoryPressure: 'True RemoteClusterHasMemoryPressure',
  DiskPressure: 'True RemoteClusterHasDiskPressure',
  PIDPressure: 'True RemoteClusterHasPIDPressure',
}

describe('conditions', () => {
  test.each<[string, Partial<NodeFacts>, object]>([
    ['room', {}, { Ready: 'True KubeletReady', ...FREE }],
    ['a little room', { capacity: { cpu: '1m', memory: '1M' } }, { Ready: 'True KubeletReady', ...FREE }],
    ['no memory', { capacity: { cpu: '2', memory: '0' } }, { Ready: 'False KubeletNotReady', ...UNDER }],
    ['nothing at all', { capacity: {} }, { Ready: 'False KubeletNotReady', ...UNDER }],
    [
      'a tunnel',
      { network: { isUp: true, why: 'up' } },
      { Ready: 'True KubeletReady', ...FREE, NetworkUnavailable: 'False LiqoNetworkingUp' },
    ],
    [
      'a broken tunnel',
      { network: { isUp: false, why: 'down' } },
      { Ready: 'False KubeletNotReady', ...FREE, NetworkUnavailable: 'True LiqoNetworkingDown' },
    ],
  ])('%s', (_, change, want) => {
    expect(told(change)).toEqual(want)
  })

  test('keep the time of their transition while their status stays', () => {
    const old = (type: string, status: Condition['status']): Condition => ({
      type,
      status,
      reason: 'x',
      message: '',
      lastHeartbeatTime: EARLIER,
      lastTransitionTime: EARLIER,
    })
    const { conditions } = nodeStatus(facts, [old('Ready', 'Unknown'), old('MemoryPressure', 'False')], NOW)
    expect(conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Ready', NOW],
      ['MemoryPressure', EARLIER],
      ['DiskPressure', NOW],
      ['PIDPressure', NOW],
    ])
    expect(conditions.every(({ lastHeartbeatTime }) => lastHeartbeatTime === NOW)).toBe(true)
  })
})

describe('a node', () => {
  test('bears labels, marks and the taint; the configuration wins over what is assumed', () => {
    const node = virtualNode({ ...facts, labels: { region: 'eu', 'kubernetes.io/arch': 'arm64' } }, [])
    expect(node.metadata.name).toBe('liqo-milan')
    expect(node.metadata.labels).toEqual({
      'kubernetes.io/hostname': 'liqo-milan',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'arm64',
      'kubernetes.io/role': 'agent',
      'liqo.io/type': 'virtual-node',
      'liqo.io/remote-cluster-id': 'milan',
      'offloading.liqo.io/origin': 'rome',
      'offloading.liqo.io/destination': 'milan',
      'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
      'alpha.service-controller.kubernetes.io/exclude-balancer': 'true',
      region: 'eu',
    })
    expect(node.spec.taints).toEqual([{ key: 'virtual-node.liqo.io/not-allowed', value: 'true', effect: 'NoExecute' }])
    expect(nodeStatus({ ...facts, labels: { 'kubernetes.io/arch': 'arm64' } }, [], NOW).nodeInfo.architecture).toBe(
      'arm64',
    )
  })

  test('keeps the taints of others', () => {
    const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }
    expect(virtualNode(facts, [unreachable, TAINT]).spec.taints).toEqual([TAINT, unreachable])
  })

  test.each([
    ['10.0.0.7', 'InternalIP'],
    ['fd00::7', 'InternalIP'],
    ['kubelet.example', 'InternalDNS'],
  ])('has the address of the kubelet API, %s', (host, type) => {
    expect(nodeStatus({ ...facts, kubelet: { host, port: 443 } }, [], NOW)).toMatchObject({
      addresses: [{ type, address: host }],
      daemonEndpoints: { kubeletEndpoint: { Port: 443 } },
    })
    expect(nodeStatus(facts, [], NOW)).not.toHaveProperty('addresses')
  })
})
