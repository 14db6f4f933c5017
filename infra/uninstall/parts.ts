import { KindMissingError } from '../../lib/cluster/errors.ts'
import { type Cluster, FIELD_MANAGER, type KubeObject, type Resource } from '../../lib/cluster/port.ts'
import {
  DAEMON_SET,
  DEPLOYMENT,
  ENDPOINT_MAPPING,
  EVENT,
  IPAM_STORAGE,
  LEASE,
  NAMESPACE,
  NODE,
  PERSISTENT_VOLUME,
  POD,
  STORAGE_CLASS,
} from '../../lib/cluster/resources.ts'
import type { PeeringConfig } from '../../lib/config.ts'
import { SCHEDULING_ENABLED } from '../../lib/flows/namespace/label.ts'
import { isManaged, MANAGED } from '../../lib/flows/network/names.ts'
import { podsFor } from '../../lib/flows/refused/flow.ts'
import { KINDS } from '../../lib/kinds/index.ts'
import { mapOf } from '../../lib/kinds/json.ts'
import { isReflected, marks, targetSelector } from '../../lib/kinds/meta.ts'
import { gatedFor } from '../../lib/kinds/pod/gate.ts'
import { HOME_NAMESPACE } from '../../lib/reflect/pairs.ts'
import type { Peering } from '../../lib/reflect/peering.ts'
import { GROUP } from '../rbac.ts'

/** Objects of one resource in one cluster, and what becomes of them. */
export interface Part {
  cluster: Cluster
  resource: Resource
  /** For people, in the plural. */
  what: string
  /** What people should know of it. */
  note?: string
  /** How people find them with kubectl; empty where no selector tells them from others. */
  selector: string
  /** As they are now. @throws ClusterError */
  find(): Promise<KubeObject[]>
  /** Asked again right before an object is touched. */
  isOurs(object: KubeObject): boolean
  /**
   * `delete`: the object goes. `kill`: without the grace of a pod. `unlabel`: it stays, without what our field manager
   * owns of it. `along`: it goes with its namespace, and is only counted.
   */
  how: 'delete' | 'kill' | 'unlabel' | 'along'
  /** What objects whose deletion is asked for may wait for: it is people's to do. */
  waitsFor?: string
}

/**
 * All parts, in the order in which they go: those of one step when those of the step before are gone.
 * Custom resources are none: people's own objects would go with them.
 * @param kept peerings that go on: their clusters keep what they need for them
 */
export function stepsOf(peerings: readonly Peering[], kept: readonly PeeringConfig[] = []): Part[][] {
  const isHome = ({ id }: Cluster) => kept.some(({ home }) => home === id)
  const isRemote = ({ id }: Cluster) => kept.some(({ remote }) => remote === id)
  const homes = [...new Set(peerings.map(({ home }) => home))].filter((cluster) => !isHome(cluster))
  const all = new Set(peerings.flatMap(({ home, remote }) => [home, remote]))
  const clusters = [...all].filter((cluster) => !isHome(cluster) && !isRemote(cluster))
  return [
    // First of all, that nothing waits for an answer of what is not there any more.
    clusters.flatMap((cluster) => WEBHOOKS.map((row) => managedPart(cluster, row))),
    // Then functions that still run can make nothing again.
    clusters.flatMap((cluster) => BINDINGS.map((resource) => functionsPart(cluster, resource))),
    peerings.flatMap(remoteParts),
    peerings.map(podPart),
    [...peerings.flatMap(homeParts), ...homes.map(labelPart)],
    // They take back what they did to their nodes, for which they need the rights that go next.
    clusters.flatMap((cluster) => AGENTS.map((row) => managedPart(cluster, row))),
    clusters.flatMap((cluster) => SETUP.map((row) => managedPart(cluster, row))),
  ]
}

type Row = readonly [Resource, what: string]

const v1 = (group: string, plural: string, kind: string) => ({ group, version: 'v1', plural, kind })
const whole = (...names: Parameters<typeof v1>): Resource => ({ ...v1(...names), namespaced: false })
const namespaced = (...names: Parameters<typeof v1>): Resource => ({ ...v1(...names), namespaced: true })

const REGISTRATION = 'admissionregistration.k8s.io'
const RBAC = 'rbac.authorization.k8s.io'

const WEBHOOKS: readonly Row[] = [
  [whole(REGISTRATION, 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'), 'webhooks for pods'],
  [whole(REGISTRATION, 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'), 'other webhooks'],
]

const CLUSTER_ROLE_BINDING = whole(RBAC, 'clusterrolebindings', 'ClusterRoleBinding')
const ROLE_BINDING = namespaced(RBAC, 'rolebindings', 'RoleBinding')
const BINDINGS = [CLUSTER_ROLE_BINDING, ROLE_BINDING]

const AGENTS: readonly Row[] = [
  [DAEMON_SET, 'agents on nodes'],
  [DEPLOYMENT, 'gateways'],
]

const SETUP: readonly Row[] = [
  [ENDPOINT_MAPPING, 'external addresses'],
  [IPAM_STORAGE, 'records of networks'],
  [NAMESPACE, 'namespaces of the functions and the gateway'],
  [CLUSTER_ROLE_BINDING, 'bindings of rights'],
  [ROLE_BINDING, 'bindings of rights in namespaces'],
  [whole(RBAC, 'clusterroles', 'ClusterRole'), 'rights'],
  [namespaced(RBAC, 'roles', 'Role'), 'rights in namespaces'],
  [STORAGE_CLASS, 'storage classes'],
]

function managedPart(cluster: Cluster, [resource, what]: Row): Part {
  const isOurs = (object: KubeObject) => isManaged(object) && !bindsFunctions(object)
  return listed({ cluster, resource, what, selector: MANAGED, isOurs, how: 'delete' })
}

/** What lets the functions act in the cluster, and not what lets the agents. */
function functionsPart(cluster: Cluster, resource: Resource): Part {
  const isOurs = (object: KubeObject) => isManaged(object) && bindsFunctions(object)
  const what = resource.namespaced ? 'bindings of the functions in namespaces' : 'bindings of the functions'
  const note = 'with which they lose their rights'
  return listed({ cluster, resource, what, note, selector: '', isOurs, how: 'delete' }, MANAGED)
}

function bindsFunctions({ subjects }: KubeObject): boolean {
  return Array.isArray(subjects) && subjects.some(({ kind, name }) => kind === 'Group' && name === GROUP)
}

/** In the remote cluster: the namespaces that were made for home, and all that is in them. */
function remoteParts(peering: Peering): Part[] {
  const { remote: cluster } = peering
  const { peers, selector, isOurs } = marked(peering)
  const copies = KINDS.filter(({ target }) => target.side === 'remote').map(({ name, target }) =>
    listed({
      cluster,
      resource: target.resource,
      what: target.resource.plural,
      ...(name === 'persistentvolumeclaim' && { note: 'and their data' }),
      selector: targetSelector(target, peers),
      isOurs,
      how: 'along',
    }),
  )
  const namespaces = listed({
    cluster,
    resource: NAMESPACE,
    what: 'namespaces',
    note: 'with all that is in them: pods that run there end',
    selector: `${selector},${HOME_NAMESPACE}`,
    isOurs: (object) => isOurs(object) && object.metadata.labels?.[HOME_NAMESPACE] !== undefined,
    how: 'delete',
  })
  return [namespaces, ...copies, listed({ cluster, resource: LEASE, what: 'leases', selector, isOurs, how: 'delete' })]
}

/** Home pods whose other half is gone: nobody would end them, as no kubelet has them. Their controllers make others. */
function podPart(peering: Peering): Part {
  const { home, remote } = peering
  return {
    cluster: home,
    resource: POD,
    what: `pods that run in ${remote.id}`,
    note: 'their controllers make them anew at home',
    selector: '',
    find: () => podsFor(peering),
    isOurs: (pod) => Boolean(mapOf(pod.spec).nodeName) || gatedFor(pod) === remote.id,
    how: 'kill',
  }
}

/** At home: what stands for the remote cluster. */
function homeParts(peering: Peering): Part[] {
  const { selector, isOurs } = marked(peering)
  const rows: Row[] = [
    [NODE, 'virtual nodes'],
    [LEASE, 'leases'],
    [EVENT, 'events'],
  ]
  const part = { cluster: peering.home, selector, isOurs, how: 'delete' } as const
  return [
    ...rows.map(([resource, what]) => listed({ ...part, resource, what })),
    listed({ ...part, resource: PERSISTENT_VOLUME, what: 'volumes', waitsFor: 'their claims to be deleted' }),
  ]
}

/** Labels that home namespaces bear for the admission webhook. */
function labelPart(cluster: Cluster): Part {
  const what = `labels ${SCHEDULING_ENABLED} of namespaces`
  return listed({
    cluster,
    resource: NAMESPACE,
    what,
    selector: SCHEDULING_ENABLED,
    isOurs: bearsLabel,
    how: 'unlabel',
  })
}

/** The label was set by our field manager; one that somebody else has set stays. */
function bearsLabel({ metadata }: KubeObject): boolean {
  const entries = (metadata.managedFields ?? []) as { manager?: string; fieldsV1?: unknown }[]
  return entries.some(({ manager, fieldsV1 }) => {
    const labels = mapOf(mapOf(mapOf(fieldsV1)['f:metadata'])['f:labels'])
    return manager === FIELD_MANAGER && `f:${SCHEDULING_ENABLED}` in labels
  })
}

function marked({ home, remote }: Peering) {
  const peers = { home: home.id, remote: remote.id }
  const labels = Object.entries(marks(peers)).map(([key, value]) => `${key}=${value}`)
  return { peers, selector: labels.join(','), isOurs: (object: KubeObject) => isReflected(object, peers) }
}

/** A resource that the cluster does not serve has no objects. */
function listed(part: Omit<Part, 'find'>, selector = part.selector): Part {
  const { cluster, resource, isOurs } = part
  async function find(): Promise<KubeObject[]> {
    const found: KubeObject[] = []
    try {
      for await (const page of cluster.list(resource, { labelSelector: selector })) found.push(...page.filter(isOurs))
    } catch (error) {
      if (error instanceof KindMissingError) return []
      throw error
    }
    return found
  }
  return { ...part, find }
}
