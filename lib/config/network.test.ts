import { expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../config.ts'

const least = {
  CLUSTERS: 'rome,milan',
  PEERINGS: 'rome:milan',
  CLUSTER_ROME_KUBECONFIG: '/kube/rome',
  CLUSTER_MILAN_KUBECONFIG: '/kube/milan',
}

test('the gateways of the clusters, each with its own settings over the shared ones', () => {
  const { clusters, networkMtu } = parseConfig({
    ...least,
    NETWORK_MTU: '1420',
    GATEWAY_IMAGE: 'registry.example/gateway:1',
    CLUSTER_MILAN_GATEWAY_IMAGE: 'mirror.example/gateway:1',
    CLUSTER_MILAN_GATEWAY_SERVICE_TYPE: 'NodePort',
    CLUSTER_ROME_GATEWAY_ANNOTATIONS: 'lb.example/type=nlb, lb.example/scheme=internal',
  })
  expect(networkMtu).toBe(1420)
  expect(clusters.map(({ gateway }) => gateway)).toEqual([
    {
      image: 'registry.example/gateway:1',
      serviceType: 'LoadBalancer',
      annotations: { 'lb.example/type': 'nlb', 'lb.example/scheme': 'internal' },
    },
    { image: 'mirror.example/gateway:1', serviceType: 'NodePort', annotations: {} },
  ])
})

test.each([
  ['NETWORK_MTU', '100', 'use bytes, 576 to 9000'],
  ['CLUSTER_ROME_GATEWAY_SERVICE_TYPE', 'ClusterIP', 'use one of LoadBalancer, NodePort'],
  ['CLUSTER_ROME_GATEWAY_ANNOTATIONS', 'nlb', 'is no annotation; use <key>=<value>'],
  ['GATEWAY_IMGE', 'x', 'did you mean GATEWAY_IMAGE?'],
])('%s=%s is refused', (name, value, remedy) => {
  const parse = () => parseConfig({ ...least, [name]: value })
  expect(parse).toThrow(ConfigError)
  expect(parse).toThrow(remedy)
})
