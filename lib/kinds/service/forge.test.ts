import { expect, test } from 'vitest'
import { shopContext as context } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Selection } from '../kind.ts'
import { remoteService } from './forge.ts'
import { selectService } from './kind.ts'

function service(spec?: Record<string, unknown>, annotations?: Record<string, string>): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', ...(annotations && { annotations }) },
    ...(spec && { spec }),
    status: { loadBalancer: {} },
  }
}

function forged(spec: Record<string, unknown>, annotations?: Record<string, string>): KubeObject {
  const labels = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
  const metadata = { name: 'web', namespace: 'shop-rome', labels, ...(annotations && { annotations }) }
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ...unset, ...spec } }
}

const unset = {
  type: '',
  externalName: '',
  externalTrafficPolicy: '',
  publishNotReadyAddresses: false,
  sessionAffinity: '',
}
const http = { name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }
const forced = { 'liqo.io/force-remote-node-port': 'true' }

const rows: { name: string; given: KubeObject; loadBalancerClass?: string; want: KubeObject }[] = [
  { name: 'no spec', given: service(), want: forged({}) },
  {
    name: 'addresses and what else belongs to the home cluster stay there',
    given: service({
      type: 'ClusterIP',
      selector: { app: 'web' },
      ports: [http],
      clusterIP: '10.96.44.7',
      clusterIPs: ['10.96.44.7'],
      externalIPs: ['203.0.113.1'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 1800 } },
    }),
    want: forged({
      type: 'ClusterIP',
      selector: { app: 'web' },
      ports: [{ ...http, nodePort: 0 }],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'ClientIP',
    }),
  },
  {
    name: 'headless',
    given: service({ clusterIP: 'None', clusterIPs: ['None'], publishNotReadyAddresses: true }),
    want: forged({ clusterIP: 'None', publishNotReadyAddresses: true }),
  },
  {
    name: 'the remote cluster chooses node ports',
    given: service({ type: 'NodePort', ports: [{ ...http, nodePort: 30080 }] }),
    want: forged({ type: 'NodePort', ports: [http] }),
  },
  {
    name: 'node ports are forced, none included',
    given: service({ type: 'NodePort', ports: [{ ...http, nodePort: 30080 }, { port: 81 }] }, forced),
    want: forged(
      {
        type: 'NodePort',
        ports: [
          { ...http, nodePort: 30080 },
          { name: '', protocol: '', port: 81, targetPort: 0, nodePort: 0 },
        ],
      },
      forced,
    ),
  },
  {
    name: 'only the word true forces',
    given: service({ ports: [{ ...http, nodePort: 30080 }] }, { 'liqo.io/force-remote-node-port': 'True' }),
    want: forged({ ports: [http] }, { 'liqo.io/force-remote-node-port': 'True' }),
  },
  {
    name: "a load balancer gets the remote cluster's class",
    given: service({
      type: 'LoadBalancer',
      loadBalancerClass: 'service.k8s.aws/nlb',
      loadBalancerIP: '203.0.113.9',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      allocateLoadBalancerNodePorts: false,
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32122,
    }),
    loadBalancerClass: 'metallb',
    want: forged({
      type: 'LoadBalancer',
      loadBalancerClass: 'metallb',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      allocateLoadBalancerNodePorts: false,
      externalTrafficPolicy: 'Local',
    }),
  },
  {
    name: 'a load balancer where no class is known',
    given: service({ type: 'LoadBalancer', loadBalancerClass: 'service.k8s.aws/nlb' }),
    want: forged({ type: 'LoadBalancer' }),
  },
  {
    name: 'the class is for load balancers only',
    given: service({ type: 'ClusterIP' }),
    loadBalancerClass: 'metallb',
    want: forged({ type: 'ClusterIP' }),
  },
  {
    name: 'what is unknown passes, in the spec and in a port',
    given: service({ trafficDistribution: 'PreferClose', ports: [{ ...http, ofALaterVersion: true }] }),
    want: forged({ trafficDistribution: 'PreferClose', ports: [{ ...http, nodePort: 0, ofALaterVersion: true }] }),
  },
]

test.each(rows)('remoteService: $name', ({ given, loadBalancerClass, want }) => {
  const more = loadBalancerClass === undefined ? {} : { loadBalancerClass }
  expect(remoteService(given, { ...context, ...more })).toEqual(want)
})

const selected: { name: string; given: [namespace: string, name: string, skip?: true]; want: Selection }[] = [
  { name: 'any service', given: ['default', 'web'], want: { reflect: true } },
  { name: 'kubernetes elsewhere', given: ['shop', 'kubernetes'], want: { reflect: true } },
  {
    name: 'default/kubernetes',
    given: ['default', 'kubernetes', true],
    want: {
      reflect: false,
      keep: true,
      quiet: true,
      why: 'the kubernetes service is the API server of its own cluster',
    },
  },
  {
    name: 'the annotations decide',
    given: ['shop', 'web', true],
    want: {
      reflect: false,
      why: 'Reflection to cluster "milan" disabled for the current object (policy: "DenyList")',
    },
  },
]

test.each(selected)('selectService: $name', ({ given: [homeNamespace, name, skip], want }) => {
  const source = service({}, skip && { 'liqo.io/skip-reflection': 'true' })
  source.metadata.name = name
  expect(selectService(source, { ...context, homeNamespace })).toEqual(want)
})
