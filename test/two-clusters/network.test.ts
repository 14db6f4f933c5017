import { beforeEach, describe, expect, test } from 'vitest'
import { ForbiddenError, InvalidError, UnreachableError } from '../../lib/cluster/errors.ts'
import type { KubeObject } from '../../lib/cluster/port.ts'
import {
  CONFIGMAP,
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  EVENT,
  IPAM_STORAGE,
  NAMESPACE,
  NETWORK_CONFIG,
  NODE,
  POD,
  SECRET,
  SERVICE,
  SYSTEM_NAMESPACE,
  TUNNEL_ENDPOINT,
} from '../../lib/cluster/resources.ts'
import type { ChangeEvent } from '../../lib/event/change.ts'
import { newMapping } from '../../lib/flows/mapping/mapping.ts'
import { dispatchNetwork } from '../../lib/flows/network/dispatch.ts'
import { IPAM_NAME } from '../../lib/flows/network/names.ts'
import { type Attempt, everything, serveNetwork } from '../../lib/flows/network/serve.ts'
import type { NetworkWorld } from '../../lib/flows/network/world.ts'
import { sweep } from '../../lib/flows/sweep/flow.ts'
import { ReflectionError } from '../../lib/reflect/dispatch.ts'
import { TUNNEL_SPEC } from '../support/mappings.ts'
import {
  connectGateway,
  join,
  keyOf,
  type MemoryNetwork,
  type MemoryNetworkCluster,
  networkCluster,
  networkOf,
  PORT,
  pass,
  stateOf,
} from '../support/network-world.ts'

const inSystem = (name: string) => ({ namespace: SYSTEM_NAMESPACE, name })
const tunnel = ({ api }: MemoryNetworkCluster, peer: string) => api.peek(TUNNEL_ENDPOINT, inSystem(peer))
const config = ({ api }: MemoryNetworkCluster, name: string) => api.peek(NETWORK_CONFIG, inSystem(name))
const fabricOf = ({ api }: MemoryNetworkCluster, file: string) => {
  const { data = {} } = (api.peek(SECRET, inSystem('heliograph-fabric')) ?? {}) as { data?: Record<string, string> }
  return Buffer.from(data[file] ?? '', 'base64').toString()
}
const writes = (world: MemoryNetwork) => world.clusters.reduce((sum, { api }) => sum + api.changes.length, 0)
const with_ = (world: MemoryNetwork, id: string, change: Partial<MemoryNetworkCluster>): MemoryNetwork => ({
  ...world,
  clusters: world.clusters.map((cluster) => (cluster.id === id ? { ...cluster, ...change } : cluster)),
})

const addNode = ({ api }: MemoryNetworkCluster, name: string, address: string) => {
  api.user.create(NODE, { metadata: { name }, spec: { podCIDRs: ['10.244.0.0/24'] } })
  api.user.edit(NODE, { name }, (node) =>
    Object.assign(node, { status: { addresses: [{ type: 'InternalIP', address }] } }),
  )
}

let rome: MemoryNetworkCluster
let milan: MemoryNetworkCluster
let world: MemoryNetwork
beforeEach(() => {
  rome = networkCluster('rome')
  milan = networkCluster('milan')
  world = networkOf(rome, milan)
})

describe('two clusters', () => {
  test('with the same CIDRs: the example of the reference', async () => {
    await join(world)
    expect(tunnel(rome, 'milan')).toMatchObject({
      metadata: { labels: { clusterID: 'milan', 'app.kubernetes.io/managed-by': 'heliograph' } },
      spec: {
        clusterIdentity: { clusterID: 'milan', clusterName: 'milan' },
        ...TUNNEL_SPEC,
        endpointIP: '192.0.2.5',
        backendType: 'wireguard',
        backend_config: { port: PORT, publicKey: keyOf('milan') },
      },
    })
    const { status, spec } = config(rome, 'to-milan') as KubeObject
    expect([status, spec]).toEqual([config(milan, 'from-rome')?.status, config(milan, 'from-rome')?.spec])
    expect(status).toEqual({ processed: true, podCIDRNAT: '10.246.0.0/16', externalCIDRNAT: '10.247.0.0/16' })
  })

  test('with CIDRs of their own keep them', async () => {
    const plan = { podCIDRs: ['10.50.0.0/16'], externalCIDRs: ['10.51.0.0/16'], serviceCIDRs: ['10.52.0.0/16'] }
    world = networkOf(rome, networkCluster('milan', { plan }))
    await join(world)
    expect(tunnel(rome, 'milan')?.spec).toMatchObject({
      localNATPodCIDR: 'None',
      localNATExternalCIDR: 'None',
      remotePodCIDR: '10.50.0.0/16',
      remoteNATPodCIDR: 'None',
      remoteExternalCIDR: '10.51.0.0/16',
      remoteNATExternalCIDR: 'None',
    })
  })

  test('call each other by no network that a node, or the other gateway, is in', async () => {
    const plan = { podCIDRs: ['10.0.0.0/16'], externalCIDRs: ['192.0.0.0/16'], serviceCIDRs: ['10.52.0.0/16'] }
    world = networkOf(rome, networkCluster('milan', { plan }))
    addNode(rome, 'a', '10.0.1.5')
    await join(world)
    expect(tunnel(rome, 'milan')?.spec).toMatchObject({
      remotePodCIDR: '10.0.0.0/16',
      remoteNATPodCIDR: '10.1.0.0/16',
      // 192.0.2.5 is milan's gateway.
      remoteExternalCIDR: '192.0.0.0/16',
      remoteNATExternalCIDR: '10.2.0.0/16',
    })
    const spec = JSON.stringify(rome.api.peek(IPAM_STORAGE, { name: 'ipamstorage-heliograph' })?.spec)
    expect(spec, 'not remembered: nodes come and go').not.toMatch(/10\.0\.0\.0\/16|192\.0\.0\.0/)
  })

  test('that agree are written to once', async () => {
    await join(world)
    const before = writes(world)
    expect(await pass(world)).toMatchObject({ 'milan:rome': { verdict: 'equal' }, rome: { verdict: 'equal' } })
    expect(writes(world)).toBe(before)
  })

  test('follow a gateway that gets another address or key, and keep the last while it has none', async () => {
    await join(world)
    const names = tunnel(rome, 'milan')?.spec
    milan.api.user.edit(SERVICE, inSystem('heliograph-gateway'), (service) =>
      Object.assign(service, { status: { loadBalancer: { ingress: [{ hostname: 'lb.milan.example' }] } } }),
    )
    await pass(world)
    expect(tunnel(rome, 'milan')?.spec).toEqual({ ...(names as object), endpointIP: 'lb.milan.example' })
    milan.api.user.edit(SERVICE, inSystem('heliograph-gateway'), (service) => Object.assign(service, { status: {} }))
    await pass(world)
    expect(tunnel(rome, 'milan')?.spec).toMatchObject({ endpointIP: 'lb.milan.example' })
    expect(config(milan, 'to-rome')?.status).toMatchObject({ processed: true, reason: 'WaitingForAddress' })
  })

  test('are told of what only a person can mend: in the NetworkConfig, by an Event and in the log', async () => {
    await join(world)
    const reserving = with_(world, 'milan', { reservedSubnets: ['10.246.0.0/24'] })
    const outcomes = await pass(reserving)
    const message = expect.stringMatching(/^CLUSTER_MILAN_RESERVED_SUBNETS: .*in use/)
    expect(outcomes['milan:rome']).toMatchObject({ verdict: 'refused', why: message })
    expect(config(milan, 'to-rome')?.status).toMatchObject({ processed: true, reason: 'NetworkInUse', message })
    expect(tunnel(rome, 'milan')).toBeDefined()
    const before = writes(world)
    await pass(reserving)
    expect(milan.api.all(EVENT)).toMatchObject([
      { type: 'Warning', reason: 'NetworkInUse', message, involvedObject: { kind: 'NetworkConfig', name: 'to-rome' } },
    ])
    expect(writes(world)).toBe(before)
    await pass(world)
    expect(config(milan, 'to-rome')?.status).not.toHaveProperty('reason')
  })

  test('of which one is without a pod CIDR are not joined, and others are', async () => {
    const turin = networkCluster('turin', { plan: { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] } })
    world = networkOf(rome, milan, turin)
    await join(world)
    expect(config(turin, 'to-rome')?.status).toMatchObject({
      processed: false,
      message: expect.stringMatching(/^CLUSTER_TURIN_POD_CIDR: missing/),
    })
    expect([tunnel(rome, 'turin'), turin.api.all(IPAM_STORAGE)]).toEqual([undefined, []])
    expect(tunnel(rome, 'milan')).toBeDefined()
  })

  test('peered both ways are one pair', async () => {
    world = { ...world, peerings: [...world.peerings, { home: 'milan', remote: 'rome' }] }
    await join(world)
    expect(Object.keys(await pass(world)).toSorted()).toEqual(['milan', 'milan:rome', 'rome'])
  })
})

test('three clusters with the same CIDRs, each joined with each: no network stands for two things', async () => {
  world = networkOf(rome, milan, networkCluster('turin'))
  await join(world)
  for (const { id, api } of world.clusters) {
    const { spec } = api.peek(IPAM_STORAGE, { name: IPAM_NAME }) as unknown as {
      spec: { clusterSubnets: Record<string, Record<string, string>> }
    }
    const given = Object.values(spec.clusterSubnets).flatMap((subnets) => Object.values(subnets))
    expect(given.toSorted(), id).toEqual(['10.240.0.0/16', '10.241.0.0/16', '10.246.0.0/16', '10.247.0.0/16'])
  }
})

describe('a ClusterID that leads to the cluster of another', () => {
  const leadingTo = ({ api }: MemoryNetworkCluster, id: string) => {
    const client: typeof api = Object.assign(Object.create(api), { id })
    return { ...networkCluster(id), api: client }
  }
  const failuresOf = async (given: NetworkWorld, clusters = everything(given).clusters) => {
    const failures: Record<string, string> = {}
    const attempt: Attempt = (what, part) => part().catch(({ message }) => Object.assign(failures, { [what]: message }))
    await serveNetwork(given, { ...everything(given), clusters }, attempt, 'act')
    return failures
  }
  const why = (id: string, what: string) =>
    `cluster ${id}: ${what} there is rome's (annotation heliograph.io/cluster), so that nothing is changed for ${id}; ` +
    `check how CLUSTER_${id.toUpperCase()}_… and CLUSTER_ROME_… say to reach them; if the cluster is ${id}'s, set the annotation to ${id}`
  const SERVICE_NAME = 'Service heliograph/heliograph-gateway'

  test('is not joined with it', async () => {
    const failures = await failuresOf(networkOf(rome, leadingTo(rome, 'turin')))
    expect(failures).toEqual({ turin: why('turin', SERVICE_NAME), 'rome:turin': why('turin', SERVICE_NAME) })
    expect(rome.api.all(NETWORK_CONFIG)).toEqual([])
  })

  test.each([
    ['is joined with another', { home: 'turin', remote: 'milan' }, true, ['milan:turin', 'turin']],
    ['has no peer', { home: 'rome', remote: 'milan' }, true, ['turin']],
    ['does not want the internal network', { home: 'turin', remote: 'milan' }, false, ['turin']],
  ])('and that %s changes nothing there, and is told', async (_, peering, internal, want) => {
    await join(world)
    rome.api.user.create(ENDPOINT_MAPPING, newMapping('milan', '10.96.0.1', '10.245.0.2'))
    await pass(world)
    const before = [stateOf(rome), writes(world)]
    const turin = { ...leadingTo(rome, 'turin'), networking: { internal, reflectIPs: true } }
    const mistaken = { ...world, clusters: [turin, ...world.clusters], peerings: [...world.peerings, peering] }
    const failures = await failuresOf(mistaken)
    expect(failures).toEqual(Object.fromEntries(want.map((what) => [what, why('turin', SERVICE_NAME)])))
    expect([stateOf(rome), writes(world)]).toEqual(before)
  })

  test('is refused by the Secret where no Service is, also when the event is of its peer', async () => {
    const { image: _, ...gateway } = rome.gateway
    await pass(with_(world, 'rome', { gateway }))
    const before = stateOf(rome)
    const turin = leadingTo(rome, 'turin')
    const mistaken = { ...world, clusters: [turin, milan], peerings: [{ home: 'turin', remote: 'milan' }] }
    expect(await failuresOf(mistaken, [milan])).toEqual({
      'milan:turin': why('turin', 'Secret heliograph/heliograph-fabric'),
    })
    expect(stateOf(rome)).toEqual(before)
  })

  test('has it when somebody says so; what is there follows', async () => {
    await join(world)
    const renamed = networkOf(leadingTo(rome, 'roma'), milan)
    rome.api.user.edit(SERVICE, inSystem('heliograph-gateway'), ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, 'heliograph.io/cluster': 'roma' }
    })
    expect(await failuresOf(renamed)).toEqual({})
    const owners = rome.api.all(SECRET).map(({ metadata }) => metadata.annotations?.['heliograph.io/cluster'])
    expect([owners, tunnel(milan, 'roma')?.spec]).toEqual([
      expect.arrayContaining(['roma']),
      expect.objectContaining({ endpointIP: '192.0.2.4' }),
    ])
  })

  test('of an earlier version, whose objects do not say whose they are, is as before', async () => {
    await join(world)
    for (const resource of [SERVICE, SECRET, DEPLOYMENT, NETWORK_CONFIG, TUNNEL_ENDPOINT]) {
      for (const { metadata } of rome.api.all(resource)) {
        rome.api.user.edit(resource, inSystem(metadata.name), (object) => {
          delete object.metadata.annotations?.['heliograph.io/cluster']
        })
      }
    }
    expect(await failuresOf(world)).toEqual({})
    expect(rome.api.peek(SERVICE, inSystem('heliograph-gateway'))?.metadata.annotations).toMatchObject({
      'heliograph.io/cluster': 'rome',
    })
  })
})

describe('the data plane follows', () => {
  beforeEach(() => join(world))

  test('peers, nodes, mapped addresses and the gateway’s Pod', async () => {
    expect(fabricOf(rome, 'gateway.json')).toContain('"192.0.2.5:5871"')
    const { metadata, ...mapping } = newMapping('milan', '10.96.0.1', '10.245.0.2')
    rome.api.user.create(ENDPOINT_MAPPING, { ...mapping, metadata: { name: metadata.name, labels: metadata.labels! } })
    addNode(rome, 'a', '172.16.0.2')
    const labels = { 'app.kubernetes.io/managed-by': 'heliograph', 'app.kubernetes.io/name': 'heliograph-gateway' }
    rome.api.user.create(POD, { metadata: { ...inSystem('gateway'), labels }, spec: { nodeName: 'a' } })
    rome.api.user.edit(POD, inSystem('gateway'), (pod) => Object.assign(pod, { status: { podIP: '10.244.0.9' } }))
    await pass(world)
    expect(fabricOf(rome, 'gateway.nft')).toContain('10.96.0.1')
    expect(fabricOf(rome, 'route.json')).toContain('"10.244.0.9"')
    expect(fabricOf(rome, 'route.json')).toContain('"172.16.0.2"')
  })

  test('no tunnel whose network a node has come to be in: it is told, and the others stay', async () => {
    const turin = networkCluster('turin')
    world = networkOf(rome, milan, turin)
    await pass(world)
    connectGateway(turin)
    await pass(world)
    addNode(rome, 'late', '10.246.7.7')
    const outcomes = await pass(world)
    const message = expect.stringMatching(/^milan has no tunnel from rome: node late \(10\.246\.7\.7\)/)
    expect(outcomes.rome).toMatchObject({ verdict: 'refused', why: message })
    expect(fabricOf(rome, 'route.json')).not.toContain('10.246.0.0/16')
    expect(fabricOf(rome, 'gateway.json')).toContain(keyOf('turin'))
    expect(rome.api.all(EVENT)).toMatchObject([
      {
        type: 'Warning',
        reason: 'NodeInNetwork',
        message,
        involvedObject: { kind: 'Secret', name: 'heliograph-fabric' },
      },
    ])
    rome.api.user.delete(NODE, { name: 'late' })
    expect(await pass(world)).toMatchObject({ rome: { verdict: 'updated' } })
    expect(fabricOf(rome, 'route.json')).toContain('10.246.0.0/16')
  })

  test('no configuration that is too large for a Secret: it is told, and the one before stays', async () => {
    const before = fabricOf(rome, 'gateway.nft')
    for (let index = 0; index < 13_000; index++) {
      const address = (net: number) => `10.${net}.${index >> 8}.${index & 255}`
      const { metadata, ...mapping } = newMapping('milan', address(9), address(245))
      rome.api.user.create(ENDPOINT_MAPPING, {
        ...mapping,
        metadata: { name: metadata.name, labels: metadata.labels! },
      })
    }
    const outcomes = await pass(world)
    const why = expect.stringMatching(/^the gateway of rome keeps the configuration that it has: .* a Secret 1048576;/)
    expect(outcomes.rome).toMatchObject({ verdict: 'refused', why })
    expect(fabricOf(rome, 'gateway.nft')).toBe(before)
    expect(rome.api.all(EVENT)).toMatchObject([{ reason: 'FabricTooLarge' }])
  })

  /** The gateway's Pod is on a node of its own. @returns the Pod's name */
  const runGateway = (node: string, address: string): string => {
    rome.api.user.create(NODE, { metadata: { name: node } })
    rome.api.user.edit(NODE, { name: node }, (object) =>
      Object.assign(object, { status: { addresses: [{ type: 'ExternalIP', address }] } }),
    )
    const name = `heliograph-gateway-${node}`
    const labels = { 'app.kubernetes.io/managed-by': 'heliograph', 'app.kubernetes.io/name': 'heliograph-gateway' }
    rome.api.user.create(POD, { metadata: { ...inSystem(name), labels }, spec: { nodeName: node } })
    rome.api.user.edit(POD, inSystem(name), (pod) => Object.assign(pod, { status: { podIP: '10.244.0.9' } }))
    return name
  }

  test('a NodePort is told with the address of the gateway’s node', async () => {
    const reached = with_(world, 'rome', { gateway: { ...rome.gateway, serviceType: 'NodePort' } })
    runGateway('a', '203.0.113.7')
    await pass(reached)
    rome.api.user.edit(SERVICE, inSystem('heliograph-gateway'), ({ spec }) =>
      Object.assign((spec as { ports: object[] }).ports[0]!, { nodePort: 30_871 }),
    )
    await pass(reached)
    expect(tunnel(milan, 'rome')?.spec).toMatchObject({
      endpointIP: '203.0.113.7',
      backend_config: { port: '30871' },
    })
  })

  test('a NodePort is told anew by the events of a Pod on another node', async () => {
    const reached = with_(world, 'rome', { gateway: { ...rome.gateway, serviceType: 'NodePort' } })
    rome.api.user.edit(SERVICE, inSystem('heliograph-gateway'), ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, 'liqo.io/override-port': '30871' }
    })
    const first = runGateway('a', '203.0.113.7')
    await pass(reached)
    rome.api.user.remove(POD, inSystem(first))
    const names = [runGateway('b', '203.0.113.8')]
    await dispatchNetwork(reached, { cluster: 'rome', kind: 'network', of: 'pods', namespace: SYSTEM_NAMESPACE, names })
    expect(tunnel(milan, 'rome')?.spec).toMatchObject({ endpointIP: '203.0.113.8' })
  })

  test('a mapped address that somebody else gave is in the rules, and stays at the end', async () => {
    const { metadata, ...mapping } = newMapping('milan', '192.0.2.9', '10.245.0.2')
    const given = { ...mapping, metadata: { name: metadata.name, labels: { clusterID: 'milan' } } }
    rome.api.user.create(ENDPOINT_MAPPING, given)
    await pass(world)
    expect(fabricOf(rome, 'gateway.nft')).toContain('192.0.2.9')
    await pass({ ...world, peerings: [] })
    expect(rome.api.all(ENDPOINT_MAPPING)).toHaveLength(1)
  })

  test('nothing that is not ours is changed or removed', async () => {
    rome.api.user.edit(DEPLOYMENT, inSystem('heliograph-gateway'), ({ metadata }) => {
      metadata.labels = {}
    })
    const before = rome.api.peek(DEPLOYMENT, inSystem('heliograph-gateway'))
    const changed = with_(world, 'rome', { gateway: { ...rome.gateway, image: 'gateway:2' } })
    await expect(pass(changed)).rejects.toThrow(
      "Deployment heliograph/heliograph-gateway is not Heliograph's (it lacks label app.kubernetes.io/managed-by=heliograph)",
    )
    await pass({ ...world, peerings: [] })
    expect(rome.api.peek(DEPLOYMENT, inSystem('heliograph-gateway'))).toEqual(before)
  })

  test.each([SECRET, SERVICE, DEPLOYMENT])(
    'a $kind that is refused keeps nothing else back, and is told',
    async (kind) => {
      const refusing = rome.api.connect(({ verb, resource }) =>
        verb === 'apply' && resource === kind ? { error: new InvalidError('rome', 'Too long') } : undefined,
      )
      rome.api.user.create(NODE, { metadata: { name: 'a' }, spec: { podCIDRs: ['10.244.0.0/24'] } })
      rome.api.user.edit(NODE, { name: 'a' }, (node) =>
        Object.assign(node, { status: { addresses: [{ type: 'InternalIP', address: '172.16.0.2' }] } }),
      )
      const gateway = { ...rome.gateway, image: 'gateway:2', annotations: { note: 'changed' } }
      const changed = with_(world, 'rome', { api: refusing, gateway })
      await expect(pass(changed)).rejects.toThrow('cluster rome: Too long')
      const isChanged = new Map([
        [SECRET, fabricOf(rome, 'route.json').includes('172.16.0.2')],
        [SERVICE, rome.api.peek(SERVICE, inSystem('heliograph-gateway'))?.metadata.annotations?.note === 'changed'],
        ...[DEPLOYMENT, DAEMON_SET].map(
          (resource) => [resource, JSON.stringify(rome.api.all(resource)).includes('gateway:2')] as const,
        ),
      ])
      expect([...isChanged].filter(([, is]) => !is).map(([resource]) => resource.kind)).toEqual([kind.kind])
    },
  )

  test('without an image none is run, and the NetworkConfig says so', async () => {
    const { image: _, ...gateway } = rome.gateway
    const bare = networkOf(networkCluster('oslo', { gateway }), networkCluster('bergen'))
    await pass(bare)
    const [oslo] = bare.clusters
    expect(oslo!.api.all(DEPLOYMENT)).toEqual([])
    expect(config(oslo!, 'to-bergen')?.status).toMatchObject({
      message: 'GATEWAY_IMAGE: missing, so that no gateway runs in oslo; set it, or CLUSTER_OSLO_GATEWAY_IMAGE',
    })
  })
})

describe('what others make of it', () => {
  beforeEach(() => join(world))

  /** Serves rome through an API server that makes something else of what is applied. @returns the kinds applied */
  const serve = async (admit: (text: string) => string = (text) => text) => {
    const applied: string[] = []
    const api: typeof rome.api = Object.assign(Object.create(rome.api), {
      apply: (...[resource, object, subresource]: Parameters<typeof rome.api.apply>) => {
        applied.push(resource.kind)
        return rome.api.apply(resource, JSON.parse(admit(JSON.stringify(object))), subresource)
      },
    })
    return { outcomes: await pass(with_(world, 'rome', { api })), applied }
  }
  const atRest = { rome: { verdict: 'equal', writes: 0 }, 'milan:rome': { verdict: 'equal', writes: 0 } }

  test('of a status stays, and is no reason to look again', async () => {
    rome.api.user.edit(NETWORK_CONFIG, inSystem('to-milan'), ({ status }) =>
      Object.assign(status as object, { message: 'a note' }),
    )
    expect(await serve()).toEqual({ outcomes: expect.objectContaining(atRest), applied: ['NetworkConfig'] })
    expect(config(rome, 'to-milan')?.status).toMatchObject({ processed: true, message: 'a note' })
  })

  test('by admission stays, and is no reason to look again', async () => {
    const admit = (text: string) => text.replace('registry.example', 'mirror.example')
    rome.api.user.edit(DEPLOYMENT, inSystem('heliograph-gateway'), ({ metadata }) => {
      delete metadata.annotations
    })
    expect((await serve(admit)).outcomes).toMatchObject({ rome: { verdict: 'updated', writes: 1 } })
    expect(await serve(admit)).toEqual({ outcomes: expect.objectContaining(atRest), applied: ['Deployment'] })
    expect(JSON.stringify(rome.api.peek(DEPLOYMENT, inSystem('heliograph-gateway')))).toContain('mirror.example')
  })
})

describe('an end', () => {
  beforeEach(() => join(world))
  const nothing = ({ api }: MemoryNetworkCluster) => [
    ...[
      NETWORK_CONFIG,
      TUNNEL_ENDPOINT,
      IPAM_STORAGE,
      ENDPOINT_MAPPING,
      DEPLOYMENT,
      SERVICE,
      SECRET,
      CONFIGMAP,
    ].flatMap((resource) => api.all(resource).map(({ metadata }) => `${resource.plural}/${metadata.name}`)),
  ]

  test('of a peering leaves nothing of it in either cluster', async () => {
    await pass({ ...world, peerings: [] })
    expect([nothing(rome), nothing(milan)]).toEqual([[], []])
  })

  test.each(['rome', 'milan'])('by internal=false in %s leaves nothing in both, and true builds it all', async (id) => {
    const before = world.clusters.map(stateOf)
    await pass(with_(world, id, { networking: { internal: false, reflectIPs: true } }))
    expect([nothing(rome), nothing(milan)]).toEqual([[], []])
    await join(world)
    expect(world.clusters.map(stateOf)).toEqual(before)
  })

  test('of one peering leaves the other as it is, and its networks are free', async () => {
    const [one, two, turin] = [networkCluster('rome'), networkCluster('milan'), networkCluster('turin')]
    const three = {
      ...networkOf(one, two, turin),
      peerings: ['milan', 'turin'].map((remote) => ({ home: 'rome', remote })),
    }
    await join(three)
    const kept = tunnel(one, 'milan')
    await pass({ ...three, peerings: [{ home: 'rome', remote: 'milan' }] })
    expect([tunnel(one, 'milan'), nothing(turin)]).toEqual([kept, []])
    expect(nothing(one).filter((name) => name.includes('turin'))).toEqual([])
    expect(one.api.peek(IPAM_STORAGE, { name: IPAM_NAME })).toMatchObject({
      spec: { clusterSubnets: { milan: expect.any(Object) } },
    })
    expect(fabricOf(one, 'gateway.json')).not.toContain('turin')
  })

  test('waits with the keys until the last gateway is gone', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'heliograph', 'app.kubernetes.io/name': 'heliograph-gateway' }
    rome.api.user.create(POD, { metadata: { ...inSystem('agent'), labels }, spec: {} })
    await pass({ ...world, peerings: [] })
    expect(nothing(rome)).toEqual(['secrets/heliograph-gateway-key', 'configmaps/heliograph-gateway-key'])
    rome.api.user.remove(POD, inSystem('agent'))
    await pass({ ...world, peerings: [] })
    expect(nothing(rome)).toEqual([])
  })

  test('needs no right to read the private key', async () => {
    const blind = (cluster: MemoryNetworkCluster) => ({
      ...cluster,
      api: cluster.api.connect(({ verb, resource, name }) =>
        verb !== 'delete' && resource === SECRET && (name === '' || name === 'heliograph-gateway-key')
          ? { error: new ForbiddenError(cluster.id, 'no') }
          : undefined,
      ),
    })
    await pass({ ...world, clusters: world.clusters.map(blind), peerings: [] })
    expect([nothing(rome), nothing(milan)]).toEqual([[], []])
  })

  test('is told, and no failure, where the functions may not look any more', async () => {
    const withheld = (cluster: MemoryNetworkCluster) => ({
      ...cluster,
      api: cluster.api.connect(({ resource }) =>
        resource === SECRET ? { error: new ForbiddenError(cluster.id, 'it may not get secrets') } : undefined,
      ),
    })
    const ended = { ...world, clusters: world.clusters.map(withheld), peerings: [] }
    const why =
      'cluster rome: it may not get secrets; what may be left there of the internal network stays: ' +
      'apply the manifests of NETWORKING_INTERNAL=true and let a sweep remove it, or delete namespace heliograph where it is empty'
    expect(await pass(ended)).toMatchObject({ rome: { verdict: 'refused', why } })
    await expect(pass({ ...ended, peerings: world.peerings })).rejects.toThrow(ForbiddenError)
    const swept = await sweep([], { deleteBudget: 0, reportOnly: false, network: ended, log: world.log })
    expect(swept).toMatchObject({ failed: 0, curable: 0, refused: 2 })
  })

  test('reads no nodes', async () => {
    const blind = (cluster: MemoryNetworkCluster) => ({
      ...cluster,
      api: cluster.api.connect(({ resource }) =>
        resource === NODE ? { error: new ForbiddenError(cluster.id, 'no') } : undefined,
      ),
    })
    await pass({ ...world, clusters: world.clusters.map(blind), peerings: [] })
    expect([nothing(rome), nothing(milan)]).toEqual([[], []])
  })

  test('is no matter where the internal network never was', async () => {
    const calls: string[] = []
    const plain = networkCluster('oslo')
    plain.api.user.delete(NAMESPACE, { name: SYSTEM_NAMESPACE })
    plain.api.finalize(SYSTEM_NAMESPACE)
    const api = plain.api.connect(({ verb, resource }) => void calls.push(`${verb} ${resource.plural}`))
    await pass({ ...world, clusters: [{ ...plain, api }], peerings: [] })
    expect(calls).toEqual(['get namespaces'])
  })
})

test('a cluster that is not made ready for it is told with the remedy, and nothing is written for it', async () => {
  rome.api.user.delete(NAMESPACE, { name: SYSTEM_NAMESPACE })
  rome.api.finalize(SYSTEM_NAMESPACE)
  const why =
    'cluster rome: namespace heliograph does not exist: apply the manifests of this cluster (npm run manifests), or set NETWORKING_INTERNAL=false'
  await expect(pass(world)).rejects.toThrow(why)
  const before = writes(world)
  const swept = await sweep([], { deleteBudget: 0, reportOnly: false, network: world, log: world.log })
  expect(swept).toMatchObject({ failed: 2, curable: 0 })
  expect(writes(world)).toBe(before)
})

describe('an event', () => {
  const event = (change: Partial<ChangeEvent> = {}): ChangeEvent => ({
    cluster: 'rome',
    kind: 'network',
    namespace: SYSTEM_NAMESPACE,
    names: [],
    ...change,
  })
  const served = async (change: Partial<ChangeEvent>, within: NetworkWorld = world) => {
    const before = world.lines.length
    await dispatchNetwork(within, event(change))
    return world.lines.slice(before).map(({ key }) => key)
  }

  beforeEach(async () => {
    world = networkOf(rome, milan, networkCluster('turin'))
    await join(world)
  })

  test.each<[name: string, given: Partial<ChangeEvent>, want: string[]]>([
    ['a NetworkConfig', { of: 'networkconfigs', names: ['to-milan'] }, ['rome', 'milan:rome']],
    ['what a peer says', { of: 'networkconfigs', names: ['from-turin'] }, ['rome', 'rome:turin']],
    ['some TunnelEndpoints', { of: 'tunnelendpoints' }, ['rome', 'milan:rome', 'rome:turin']],
    ['the Service', { of: 'services', names: ['heliograph-gateway'] }, ['rome', 'milan:rome', 'rome:turin']],
    ['another Service', { of: 'services', names: ['other'] }, []],
    ['a gateway', { of: 'pods', names: ['heliograph-gateway-x1'] }, ['rome']],
    ['an agent of a node', { of: 'pods', names: ['heliograph-route-x1'] }, []],
    ['a node', { of: 'nodes', namespace: '', names: ['milan'] }, ['rome']],
    ['what a later version knows', { of: 'others' }, []],
    ['a cluster that is not configured', { of: 'nodes', cluster: 'oslo' }, []],
  ])('of %s concerns %o', async (_, given, want) => {
    expect((await served(given)).toSorted()).toEqual(want.toSorted())
  })

  test('of an admission webhook is served when the change is stored', async () => {
    let looks = 0
    const api = rome.api.connect(({ verb, resource }) => {
      if (verb === 'get' && resource === CONFIGMAP && ++looks === 2) {
        rome.api.user.edit(CONFIGMAP, inSystem('heliograph-gateway-key'), (object) =>
          Object.assign(object, { data: { publicKey: keyOf('renewed') } }),
        )
      }
      return undefined
    })
    const { resourceVersion = '' } = rome.api.peek(CONFIGMAP, inSystem('heliograph-gateway-key'))!.metadata
    const admitted = { operation: 'UPDATE' as const, resourceVersion }
    const names = ['heliograph-gateway-key']
    await dispatchNetwork(with_(world, 'rome', { api }), event({ of: 'configmaps', names, admitted }))
    expect(tunnel(milan, 'rome')?.spec).toMatchObject({ backend_config: { publicKey: keyOf('renewed') } })
  })

  test('brings a tunnel that somebody deleted back, and both gateways follow', async () => {
    rome.api.user.delete(TUNNEL_ENDPOINT, inSystem('milan'))
    await dispatchNetwork(world, event({ of: 'nodes' }))
    expect(fabricOf(rome, 'gateway.json')).not.toContain('milan')
    expect(await served({ of: 'tunnelendpoints', names: ['milan'] })).toEqual(['rome', 'milan:rome', 'milan', 'rome'])
    expect(fabricOf(rome, 'gateway.json')).toContain('milan')
  })

  test('whose other cluster is out of reach is tried again; other pairs are served', async () => {
    const gone = milan.api.connect(() => ({ error: new UnreachableError('milan', 'no answer') }))
    rome.api.user.edit(CONFIGMAP, inSystem('heliograph-gateway-key'), (object) =>
      Object.assign(object, { data: { publicKey: keyOf('renewed') } }),
    )
    const broken = with_(world, 'milan', { api: gone })
    const given = event({ of: 'configmaps' })
    await expect(dispatchNetwork(broken, given)).rejects.toThrow(ReflectionError)
    expect(tunnel(world.clusters[2]!, 'rome')?.spec).toMatchObject({ backend_config: { publicKey: keyOf('renewed') } })
  })
})

describe('a sweep', () => {
  const options = () => ({ deleteBudget: 0, reportOnly: false, network: world, log: world.log })

  test('does what events do, and says it', async () => {
    await sweep([], options())
    for (const cluster of world.clusters) connectGateway(cluster)
    expect(await sweep([], options())).toMatchObject({ updated: 3, failed: 0 })
    expect(tunnel(rome, 'milan')).toBeDefined()
    expect(await sweep([], options())).toMatchObject({ equal: 3, updated: 0 })
  })

  test('removes what the configuration does not want, whatever the budget', async () => {
    await join(world)
    const network = { ...world, peerings: [] }
    expect(await sweep([], { ...options(), network })).toMatchObject({ updated: 2 })
    expect(await sweep([], { ...options(), network })).toMatchObject({ equal: 0, updated: 0 })
    expect([rome.api.all(TUNNEL_ENDPOINT), rome.api.all(IPAM_STORAGE)]).toEqual([[], []])
  })

  test('that only reports writes nothing', async () => {
    const before = writes(world)
    expect(await sweep([], { ...options(), reportOnly: true })).toMatchObject({ updated: 3 })
    expect(writes(world)).toBe(before)
  })

  test('goes on where a cluster is out of reach', async () => {
    await join(world)
    const api = milan.api.connect(() => ({ error: new UnreachableError('milan', 'no answer') }))
    const network = with_(world, 'milan', { api })
    expect(await sweep([], { ...options(), network })).toMatchObject({ failed: 2, curable: 2, equal: 1 })
  })
})
