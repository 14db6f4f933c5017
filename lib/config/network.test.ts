import { expect, test } from 'vitest'
import { LEAST } from '../../test/support/config.ts'
import { ConfigError, parseConfig } from '../config.ts'

test('the gateways of the clusters, each with its own settings over the shared ones', () => {
  const { clusters, networkMtu } = parseConfig({
    ...LEAST,
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
  const parse = () => parseConfig({ ...LEAST, [name]: value })
  expect(parse).toThrow(ConfigError)
  expect(parse).toThrow(remedy)
})
