import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { ROOT } from '../../../../infra/local/root.ts'
import type { KubeObject } from '../../../cluster/port.ts'
import { FABRIC, GATEWAY, GATEWAY_KEY, ROUTE } from './names.ts'
import { gatewayWorkloads } from './workloads.ts'

const [service, deployment, daemonSet] = gatewayWorkloads({
  image: 'registry.example/agent:1',
  serviceType: 'LoadBalancer',
  serviceAnnotations: { a: 'b' },
}) as [KubeObject, KubeObject, KubeObject]

type PodSpec = Record<string, unknown> & { containers: Record<string, unknown>[]; serviceAccountName: string }

const podOf = (workload: KubeObject) => (workload.spec as { template: { spec: PodSpec } }).template.spec

test('the Service has the port by its name, and leads to the gateway alone', () => {
  expect(service).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'heliograph-gateway',
      namespace: 'heliograph',
      labels: { 'app.kubernetes.io/managed-by': 'heliograph', 'app.kubernetes.io/name': 'heliograph-gateway' },
      annotations: { a: 'b' },
    },
    spec: {
      type: 'LoadBalancer',
      selector: { 'app.kubernetes.io/name': 'heliograph-gateway' },
      ports: [{ name: 'wireguard', port: 5871, targetPort: 5871, protocol: 'UDP' }],
    },
  })
})

test.each([
  [deployment, 'gateway', 'POD_IP'],
  [daemonSet, 'route', 'NODE_NAME'],
])('the agents have the capability NET_ADMIN and no other right on the node', (workload, mode, variable) => {
  const { containers, ...spec } = podOf(workload)
  const [container] = containers
  expect(container).toMatchObject({
    image: 'registry.example/agent:1',
    args: [mode],
    env: [{ name: variable }, { name: 'GOMEMLIMIT' }],
    readinessProbe: { exec: { command: ['/agent', 'ready', mode] } },
  })
  expect(container!.securityContext).toEqual({
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
    seccompProfile: { type: 'RuntimeDefault' },
  })
  expect([spec.hostPID, spec.hostIPC, spec.initContainers, spec.securityContext]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(JSON.stringify(spec.affinity)).toContain('"key":"liqo.io/type","operator":"NotIn"')
})

test('there is one gateway at a time, in a Pod with a network of its own; an agent is on every node, in its network', () => {
  expect(deployment.spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } })
  expect([podOf(deployment).hostNetwork, podOf(daemonSet).hostNetwork]).toEqual([undefined, true])
  expect(podOf(daemonSet).tolerations).toEqual([{ operator: 'Exists' }])
})

test('the memory that Go keeps to is less than the limit', () => {
  for (const workload of [deployment, daemonSet]) {
    const { env, resources } = podOf(workload).containers[0] as {
      env: { value?: string }[]
      resources: { limits: { memory: string } }
    }
    expect(Number.parseInt(env[1]!.value!, 10)).toBeLessThan(Number.parseInt(resources.limits.memory, 10))
  }
})

test('rights: named objects of the namespace, and Pods to be read; no other Secret', async () => {
  const manifest = await readFile(join(ROOT, 'infra', 'gateway', 'rbac.yaml'), 'utf8')
  const documents = parseAllDocuments(manifest).map((document) => document.toJS() as KubeObject)
  const accounts = documents.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name)
  expect(accounts).toEqual([deployment, daemonSet].map((workload) => podOf(workload).serviceAccountName))
  expect(documents[0]!.metadata.name).toBe(service.metadata.namespace)
  const roles = documents.filter(({ kind }) => kind.endsWith('Role'))
  const rules = roles.flatMap(({ kind, metadata: { name }, rules }) =>
    (rules as { resources: string[]; resourceNames?: string[]; verbs: string[] }[]).map((rule) =>
      [kind, name, rule.resources, rule.resourceNames ?? 'all', rule.verbs].join(' '),
    ),
  )
  expect(rules).toEqual([
    `Role ${GATEWAY} secrets ${FABRIC} list,watch`,
    `Role ${GATEWAY} secrets ${GATEWAY_KEY} create,list,patch,watch`,
    `Role ${GATEWAY} configmaps ${GATEWAY_KEY} create,list,patch,watch`,
    `Role ${GATEWAY} tunnelendpoints/status all patch`,
    `ClusterRole ${GATEWAY} pods all list,watch`,
    `Role ${ROUTE} secrets ${FABRIC} get,list,watch`,
    `Role ${ROUTE} daemonsets ${ROUTE} get`,
  ])
})
