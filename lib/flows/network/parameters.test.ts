import { expect, test } from 'vitest'
import type { KubeObject } from '../../cluster/port.ts'
import { parametersOf } from './parameters.ts'

const KEY = 'Y2FwaXRvbGluZSB3b2xmIGFuZCB0d28gdHdpbnMhISE='
const LOAD_BALANCER = { ip: '192.0.2.1' }

interface Given {
  type?: string
  /** First ingress of the load balancer. */
  ingress?: object
  annotations?: Record<string, string>
  data?: Record<string, unknown>
  service?: false
  image?: string
}

function found({ type = 'LoadBalancer', ingress = LOAD_BALANCER, annotations = {}, data, service, image }: Given) {
  const ports = [
    { name: 'metrics', port: 1, nodePort: 30001 },
    { name: 'wireguard', port: 5871, nodePort: 30871 },
  ]
  const named = { namespace: 'heliograph', name: 'heliograph-gateway' }
  const gateway: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...named, annotations },
    spec: { type, ports },
    status: { loadBalancer: { ingress: [ingress, { ip: '192.0.2.9' }] } },
  }
  const key: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: named, data: data ?? { publicKey: KEY } }
  const settings = { serviceType: 'LoadBalancer', annotations: {}, ...(image && { image }) } as const
  return parametersOf({ id: 'rome', gateway: settings }, service === false ? undefined : gateway, key)
}

const nodePort = { type: 'NodePort', annotations: { 'net.liqo.io/gatewayNodeIP': '203.0.113.7' } }
const override = { 'liqo.io/override-address': 'vpn.example.org', 'liqo.io/override-port': '443' }

test.each<[name: string, given: Given, endpointIP: string, port: string]>([
  ['the first address of a load balancer', {}, '192.0.2.1', '5871'],
  ['its name where it has no address', { ingress: { hostname: 'lb.example.org' } }, 'lb.example.org', '5871'],
  ['its address before its name', { ingress: { hostname: 'lb.example.org', ip: '192.0.2.2' } }, '192.0.2.2', '5871'],
  ['a port of the gateway’s node', nodePort, '203.0.113.7', '30871'],
  ['what annotations say instead', { annotations: override }, 'vpn.example.org', '443'],
  ['the same for a node', { ...nodePort, annotations: override }, 'vpn.example.org', '443'],
  ['the same before there is a load balancer', { ingress: {}, annotations: override }, 'vpn.example.org', '443'],
])('peers are told %s', (_, given, endpointIP, port) => {
  expect(found(given)).toEqual({ endpointIP, port, publicKey: KEY })
})

test.each<[name: string, given: Given, reason: string, isFault: boolean, message: RegExp]>([
  ['a Service', { service: false, image: 'gateway:1' }, 'WaitingForGateway', false, /does not exist in rome yet/],
  ['an image', { service: false }, 'NoGatewayImage', true, /^GATEWAY_IMAGE: missing, .*CLUSTER_ROME_GATEWAY_IMAGE/],
  ['a load balancer', { ingress: {} }, 'WaitingForAddress', false, /CLUSTER_ROME_GATEWAY_SERVICE_TYPE=NodePort/],
  ['a node', { type: 'NodePort' }, 'WaitingForAddress', false, /no annotation net\.liqo\.io\/gatewayNodeIP yet/],
  ['a key', { data: {} }, 'WaitingForPublicKey', false, /has not published its public key/],
  [
    'a type that others reach',
    { type: 'ClusterIP' },
    'BadServiceType',
    true,
    /is of type ClusterIP, .*GATEWAY_SERVICE_TYPE/,
  ],
  ['a key that is one', { data: { publicKey: `${KEY}\nPostUp = x` } }, 'BadPublicKey', true, /is no WireGuard key/],
  ['a key of 32 bytes', { data: { publicKey: 'c2hvcnQ=' } }, 'BadPublicKey', true, /is no WireGuard key/],
  [
    'an address that is one',
    { annotations: { 'liqo.io/override-address': '192.0.2.1\nPostUp = x' } },
    'BadAddress',
    true,
    /is no address that another cluster reaches, nor a host name/,
  ],
  [
    'an address that others reach',
    { type: 'NodePort', annotations: { 'net.liqo.io/gatewayNodeIP': '127.0.0.1' } },
    'BadAddress',
    true,
    /is no address that another cluster reaches/,
  ],
  ['a port that is one', { annotations: { 'liqo.io/override-port': '70000' } }, 'BadPort', true, /not 1 to 65535/],
])('without %s nothing is told', (_, given, reason, isFault, message) => {
  expect(found(given)).toEqual({ reason, isFault, message: expect.stringMatching(message) })
})
