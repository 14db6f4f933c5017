import { Buffer } from 'node:buffer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { rightsObjects } from '../../infra/manifests/rights.ts'
import { toYaml } from '../../infra/manifests/yaml.ts'
import { groupOf } from '../../infra/rights.ts'
import { createSecrets } from '../../lib/aws/secrets.ts'
import { parseConfig } from '../../lib/config.ts'
import { type Attempt, everything, serveNetwork } from '../../lib/flows/network/serve.ts'
import type { NetworkWorld } from '../../lib/flows/network/world.ts'
import { logger } from '../../lib/log.ts'
import { connectClusters, networkBetween } from '../../lib/peerings.ts'
import { TUNNEL_SPEC } from '../support/mappings.ts'
import { connectGateway, connectTunnel, keyOf } from './gateways.ts'
import { type TestStage, testStage } from './stage.ts'
import { redeploy, sweep } from './sweep.ts'

/**
 * The internal network between three real control planes with the same CIDRs, rome's gateway having two tunnels. The
 * clouds and the gateways' agents are played here: an address of a load balancer, a key, the state of a tunnel.
 */
const IDS = ['rome', 'milan', 'turin'] as const
type Id = (typeof IDS)[number]

const SAME = { POD_CIDR: '10.244.0.0/16', SERVICE_CIDR: '10.96.0.0/12' }
const LISTED =
  'networkconfigs,tunnelendpoints,ipamstorages,endpointmappings,services,deployments,daemonsets,secrets,configmaps'

let stage: TestStage
beforeAll(async () => {
  const plans = IDS.flatMap((id) =>
    Object.entries(SAME).map(([name, cidr]) => [`CLUSTER_${id.toUpperCase()}_${name}`, cidr]),
  )
  stage = await testStage({
    network: true,
    remotes: ['milan', 'turin'],
    nodes: { rome: 1, milan: 1 },
    env: { ...Object.fromEntries(plans), GATEWAY_IMAGE: 'gateway:1' },
  })
})
afterAll(() => stage?.stop())

const kubectl = (id: Id, ...args: string[]) => stage.clusters[id]!.kubectl(['-n', 'heliograph', ...args])
const found = (id: Id, kind: string, name: string) => stage.clusters[id]!.kubectl.get(kind, name, 'heliograph')

const connect = (id: Id) => connectGateway(stage, id, `192.0.2.${IDS.indexOf(id) + 1}`)

const specOf = async (id: Id, peer: Id) => (await found(id, 'tunnelendpoint', peer))?.spec
const tunnel = (id: Id, peer: Id) => eventually(`tunnel from ${id} to ${peer}`, () => specOf(id, peer))

const networkUnavailable = async (peer: Id) => {
  const node = (await stage.clusters.rome!.kubectl.get('node', `liqo-${peer}`)) as
    | (Found & { status: { conditions: { type: string; status: string }[] } })
    | undefined
  return node?.status.conditions.find(({ type }) => type === 'NetworkUnavailable')?.status
}

/** What is left of the internal network. */
async function left(id: Id): Promise<string[]> {
  const names = await kubectl(id, 'get', LISTED, '-o', 'name')
  return names.split('\n').filter((name) => name !== '' && !name.includes('kube-root-ca.crt'))
}

/** Sweeps until nothing is left: the keys go with the last gateway, whose Pod ends in its own time. */
const emptied = (id: Id) =>
  eventually(`nothing in ${id}`, async () => {
    await sweep(stage)
    const names = await left(id)
    return names.length === 0 || Promise.reject(new Error(names.join()))
  })

/** A file of the configuration that a cluster's gateway follows. */
async function fabricOf(id: Id): Promise<Record<string, string>> {
  const data = (await found(id, 'secret', 'heliograph-fabric'))?.data as Record<string, string> | undefined
  return Object.fromEntries(
    Object.entries(data ?? {}).map(([file, text]) => [file, Buffer.from(text, 'base64').toString()]),
  )
}

test('what is waited for is told where people look', async () => {
  await sweep(stage)
  const table = await kubectl('rome', 'get', 'networkconfigs', 'to-milan')
  expect(table).toContain('Service heliograph/heliograph-gateway in rome has no address yet')
  expect(await found('rome', 'deployment', 'heliograph-gateway')).toBeDefined()
  expect(await found('rome', 'tunnelendpoint', 'milan')).toBeUndefined()
})

test('two clusters agree as soon as their gateways are known: the example of the reference', async () => {
  await connect('rome')
  await connect('milan')
  const names = { ...TUNNEL_SPEC, backendType: 'wireguard' }
  expect(await tunnel('rome', 'milan')).toEqual({
    ...names,
    clusterIdentity: { clusterID: 'milan', clusterName: 'milan' },
    endpointIP: '192.0.2.2',
    backend_config: { publicKey: keyOf('milan'), port: '5871' },
  })
  expect(await tunnel('milan', 'rome')).toEqual({
    ...names,
    clusterIdentity: { clusterID: 'rome', clusterName: 'rome' },
    endpointIP: '192.0.2.1',
    backend_config: { publicKey: keyOf('rome'), port: '5871' },
  })
  const config = await found('rome', 'networkconfig', 'to-milan')
  expect(config?.status).toEqual({
    processed: true,
    podCIDRNAT: '10.246.0.0/16',
    externalCIDRNAT: '10.247.0.0/16',
  })
})

test('a third one with the same CIDRs gets the tightest names that are left', async () => {
  await connect('turin')
  expect(await tunnel('rome', 'turin')).toMatchObject({
    localNATPodCIDR: '10.246.0.0/16',
    localNATExternalCIDR: '10.247.0.0/16',
    remoteNATPodCIDR: '10.240.0.0/16',
    remoteNATExternalCIDR: '10.241.0.0/16',
  })
  expect(await specOf('milan', 'turin')).toBeUndefined()
  expect(await stage.clusters.rome!.kubectl.get('ipamstorage', 'ipamstorage-heliograph')).toMatchObject({
    spec: {
      podCIDR: '10.244.0.0/16',
      externalCIDR: '10.245.0.0/16',
      clusterSubnets: {
        milan: { remotePodCIDR: '10.246.0.0/16', remoteExternalCIDR: '10.247.0.0/16' },
        turin: { remotePodCIDR: '10.240.0.0/16', remoteExternalCIDR: '10.241.0.0/16' },
      },
    },
  })
})

test('gateway and routes follow: peers, mapped addresses, and where the gateway runs', async () => {
  await eventually('both peers', async () => {
    const { tunnel: { peers = [] } = {} } = JSON.parse((await fabricOf('rome'))['gateway.json'] ?? '{}') as {
      tunnel?: { peers?: { id: string; endpoint: string }[] }
    }
    return peers.map(({ id, endpoint }) => `${id} ${endpoint}`).join() === 'milan 192.0.2.2:5871,turin 192.0.2.3:5871'
  })
  const mapping = {
    apiVersion: 'net.liqo.io/v1alpha1',
    kind: 'EndpointMapping',
    metadata: {
      name: 'milan.10-245-0-2',
      labels: { 'app.kubernetes.io/managed-by': 'heliograph', clusterID: 'milan' },
    },
    spec: { clusterID: 'milan', original: '10.96.0.1', external: '10.245.0.2' },
  }
  await stage.clusters.rome!.kubectl(['apply', '-f', '-'], JSON.stringify(mapping))
  await eventually('the address in the rules', async () =>
    (await fabricOf('rome'))['gateway.nft']?.includes('10.96.0.1'),
  )
  const pods = JSON.parse(
    await kubectl('rome', 'get', 'pods', '-l', 'app.kubernetes.io/name=heliograph-gateway', '-o', 'json'),
  ) as {
    items: { status: { podIP?: string } }[]
  }
  const ip = pods.items[0]?.status.podIP
  expect(ip).toBeDefined()
  await eventually('the gateway’s address on the nodes', async () =>
    (await fabricOf('rome'))['route.json']?.includes(`"${ip}"`),
  )
})

test('a node that comes to be in the name of a peer loses nothing to it: the peer has no tunnel, which is told', async () => {
  const { kubectl: inRome } = stage.clusters.rome!
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'late' }, spec: { unschedulable: true } }
  await inRome(['apply', '-f', '-'], JSON.stringify(node))
  const status = { addresses: [{ type: 'InternalIP', address: '10.246.7.7' }] }
  await inRome(['patch', 'node', 'late', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status })])
  const routes = async () => {
    await sweep(stage)
    return (await fabricOf('rome'))['route.json'] ?? ''
  }
  await eventually('no rule that takes what is for the node', async () => !(await routes()).includes('10.246.0.0/16'))
  expect(await routes(), 'the other peer').toContain('10.240.0.0/16')
  await eventually('an Event', async () =>
    (await kubectl('rome', 'get', 'events', '-o', 'jsonpath={.items[*].reason}')).includes('NodeInNetwork'),
  )
  await inRome(['delete', 'node', 'late'])
  await eventually('milan again', async () => (await routes()).includes('10.246.0.0/16'))
})

test('what somebody spoils is mended', async () => {
  const before = await specOf('milan', 'rome')
  await kubectl('milan', 'delete', 'tunnelendpoint', 'rome')
  expect(await tunnel('milan', 'rome')).toEqual(before)
  await kubectl(
    'milan',
    'patch',
    'networkconfig',
    'from-rome',
    '--type=merge',
    '-p',
    '{"spec":{"podCIDR":"10.1.0.0/16"}}',
  )
  await eventually('what rome says in milan', async () => {
    const config = (await found('milan', 'networkconfig', 'from-rome')) as { spec?: { podCIDR?: string } } | undefined
    return config?.spec?.podCIDR === '10.244.0.0/16'
  })
})

/** The internal network served here, as a function does it. @param change e.g. kubeconfigs */
function worldWith(change: Record<string, string> = {}): NetworkWorld {
  const config = parseConfig({ ...stage.env, ...change })
  return networkBetween(connectClusters(config, 'network', createSecrets(config.secrets)), config, logger('silent'))
}

/** Of objects that one pass over all clusters applies in rome, the kinds. @throws as a part does */
async function appliedInRome(): Promise<string[]> {
  const world = worldWith()
  const applied: string[] = []
  const clusters = world.clusters.map((cluster) => {
    const { api } = cluster
    const apply: typeof api.apply = (...call) => {
      if (cluster.id === 'rome') applied.push(call[0].kind)
      return api.apply(...call)
    }
    return { ...cluster, api: { ...api, apply } }
  })
  const counted = { ...world, clusters }
  await serveNetwork(counted, everything(counted), (_, part) => part(), 'act')
  return applied
}

/** Images of the kind come from a mirror, whatever was asked for. */
const MIRROR = [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: 'mirror' },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['daemonsets'] },
        ],
      },
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: {
            expression:
              '[JSONPatch{op: "replace", path: "/spec/template/spec/containers/0/image", value: "mirror.example/gateway:1"}]',
          },
        },
      ],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: 'mirror' },
    spec: { policyName: 'mirror' },
  },
]

test('what others add stays, and is asked about once a pass', async () => {
  const ports = [{ name: 'health', port: 8080, protocol: 'TCP' }]
  await kubectl('rome', 'patch', 'service', 'heliograph-gateway', '-p', JSON.stringify({ spec: { ports } }))
  await kubectl('rome', 'set', 'env', 'deployment/heliograph-gateway', 'NOTE=1')
  const note = ['--subresource=status', '--type=merge', '-p', '{"status":{"message":"a note"}}']
  await kubectl('rome', 'patch', 'networkconfig', 'to-milan', ...note)
  for (const object of MIRROR) await stage.clusters.rome!.kubectl(['apply', '-f', '-'], JSON.stringify(object))
  const stored = async (kind: string, name: string) => JSON.stringify(await found('rome', kind, name))
  await eventually('an image from the mirror', async () => {
    await kubectl('rome', 'annotate', 'daemonset', 'heliograph-route', '--overwrite', `at=${performance.now()}`)
    return (await stored('daemonset', 'heliograph-route')).includes('mirror.example')
  })
  expect(await sweep(stage)).toMatchObject({ failed: 0 })
  const kept = ['DaemonSet', 'Deployment', 'NetworkConfig', 'Service']
  await eventually('one look at what is kept', async () => {
    const applied = await appliedInRome()
    return applied.toSorted().join() === kept.join() || Promise.reject(new Error(applied.join()))
  })
  expect(await stored('service', 'heliograph-gateway')).toContain('"name":"health"')
  expect(await stored('deployment', 'heliograph-gateway')).toContain('"name":"NOTE"')
  expect(await stored('networkconfig', 'to-milan')).toContain('a note')
  expect(await stored('daemonset', 'heliograph-route')).toContain('mirror.example')
})

test('a tunnel that is up shows on its node at once', async () => {
  await stage.host.invoke('node', {})
  await eventually('a node without network', async () => (await networkUnavailable('milan')) === 'True')
  await connectTunnel(stage, 'rome', 'milan')
  await eventually('a node with its network', async () => (await networkUnavailable('milan')) === 'False')
  expect(await networkUnavailable('turin')).toBe('True')
  expect(await stage.host.deadLetters.list()).toEqual([])
})

test('a peering that is no longer configured is forgotten, in both clusters', async () => {
  await redeploy(stage, { PEERINGS: 'rome:milan' })
  await emptied('turin')
  expect((await left('rome')).filter((name) => name.includes('turin'))).toEqual([])
  expect(await specOf('rome', 'milan')).toBeDefined()
})

/** What the manifests of a cluster grant, and in the whole of it no more: one credential is of all functions' groups. */
const grant = async (id: Id, internal: boolean) => {
  await stage.clusters[id]!.kubectl(['delete', 'clusterrole', 'heliograph-network', '--ignore-not-found'])
  const use = { sides: [id === 'rome' ? 'home' : 'remote'], gated: true, serviceAccounts: false, internal } as const
  return stage.clusters[id]!.kubectl(['apply', '-f', '-'], toYaml(rightsObjects({ use, accounts: false })))
}

test('internal=false takes all of it away, also with its rights, and the nodes say nothing of a network', async () => {
  for (const id of ['rome', 'milan'] as const) await grant(id, false)
  await redeploy(stage, { NETWORKING_INTERNAL: 'false' })
  await emptied('rome')
  await emptied('milan')
  expect(await sweep(stage)).toMatchObject({ failed: 0, refused: 0 })
  await stage.host.invoke('node', {})
  expect(await networkUnavailable('milan')).toBeUndefined()
})

test('internal=true brings it back', async () => {
  for (const id of ['rome', 'milan'] as const) await grant(id, true)
  await redeploy(stage, { NETWORKING_INTERNAL: 'true' })
  await connect('rome')
  await connect('milan')
  expect(await tunnel('rome', 'milan')).toMatchObject({ remoteNATPodCIDR: '10.246.0.0/16', endpointIP: '192.0.2.2' })
  await stage.host.invoke('node', {})
  expect(await networkUnavailable('milan')).toBe('True')
})

test('what the function may do of its own is enough, and no more than it does', async () => {
  await stage.functionsDown()
  const groups = [groupOf('network')]
  const kubeconfigs = await Promise.all(
    IDS.map(async (id) => {
      const kubeconfig = await stage.clusters[id]!.cluster.kubeconfigFor({ user: 'network', groups })
      return [`CLUSTER_${id.toUpperCase()}_KUBECONFIG`, kubeconfig]
    }),
  )
  const world = worldWith({ ...Object.fromEntries(kubeconfigs), PEERINGS: 'rome:milan,rome:turin' })
  const refused: string[] = []
  const serve = (change: Partial<NetworkWorld> = {}) => {
    const due = { ...world, ...change }
    const attempt: Attempt = (what, part) => part().catch((error) => refused.push(`${what}: ${error.message}`))
    return serveNetwork(due, everything(due), attempt, 'act')
  }
  await kubectl('rome', 'delete', 'tunnelendpoint,networkconfig,deployment,daemonset,service,secret', '--all')
  await serve()
  await connect('rome')
  await connect('turin')
  await serve()
  expect(await specOf('rome', 'turin')).toBeDefined()
  const can = (...args: string[]) =>
    stage.clusters.rome!.kubectl.try([
      'auth',
      'can-i',
      ...args,
      '--as=x',
      `--as-group=${groups[0]}`,
      '-n',
      'heliograph',
    ])
  expect((await can('get', 'secret/heliograph-fabric')).stdout.trim()).toBe('yes')
  expect((await can('get', 'secret/heliograph-gateway-key')).stdout.trim()).toBe('no')
  await eventually('nothing in turin', async () => {
    await serve({ peerings: [] })
    return (await left('turin')).length === 0
  })
  expect(refused).toEqual([])
})
