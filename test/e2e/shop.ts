import { MANAGED_BY, SERVICE_NAME } from './services.ts'

/** What an application has of Services, with pods spread evenly over all nodes, virtual ones included. */
export const PORT = 8080
/** Backends of the Services without a selector: machines of rome in the range of its pods, and one outside. */
export const MACHINES = ['10.10.200.1', '10.10.200.2', '10.10.200.3'] as const
export const OUTSIDE = '203.0.113.5'

export function shop(namespace: string): object[] {
  const meta = (name: string) => ({ name, namespace })
  const set = { replicas: 4, serviceName: 'db', podManagementPolicy: 'Parallel', ...podsOf('db') }
  return [
    service(namespace, 'web', { selector: { app: 'web' } }),
    // As the peers of a database find each other before they are ready.
    service(namespace, 'db', { selector: { app: 'db' }, clusterIP: 'None', publishNotReadyAddresses: true }),
    service(namespace, 'outside'),
    service(namespace, 'bare', { clusterIP: 'None' }),
    manual(namespace, 'outside', [MACHINES[0], OUTSIDE]),
    manual(namespace, 'bare', [MACHINES[1]]),
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('web'), spec: { replicas: 4, ...podsOf('web') } },
    { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: meta('db'), spec: set },
  ]
}

/** An EndpointSlice `<service>-manual` that somebody keeps by hand. */
export function manual(namespace: string, service: string, addresses: readonly string[]): object {
  const labels = { [SERVICE_NAME]: service, [MANAGED_BY]: 'hand' }
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${service}-manual`, namespace, labels },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports: [{ name: 'main', port: PORT }],
  }
}

/** A Service of one port; of no pods, unless its spec selects some. */
export function service(namespace: string, name: string, spec: object = {}): object {
  const ports = [{ name: 'main', port: 80, targetPort: PORT }]
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { ports, ...spec } }
}

/** A pod of `web` that needs no token. */
export function webPod(namespace: string, name: string, spec: object = {}, more: object = {}): object {
  const metadata = { name, namespace, labels: { app: 'web' }, ...more }
  const containers = [{ name: 'web', image: 'web' }]
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, automountServiceAccountToken: false, ...spec } }
}

function podsOf(app: string): object {
  const labels = { app }
  const spread = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  }
  const spec = { containers: [{ name: app, image: `${app}:1` }], topologySpreadConstraints: [spread] }
  return { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } }
}
