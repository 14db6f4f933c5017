import type { EksCluster } from './aws/eks-token.ts'
import { ACCESS_PER_CLUSTER, readAccess, readEksName } from './config/access.ts'
import { type GatewaySettings, NETWORK_GLOBAL, NETWORK_PER_CLUSTER, readGateway, readMtu } from './config/network.ts'
import {
  type KubeletEndpoint,
  OFFLOADING_GLOBAL,
  OFFLOADING_PER_CLUSTER,
  type Offer,
  type OffloadingMode,
  readKubelet,
  readMode,
  readOffer,
  readRuntimeClass,
  refuseGatesWithAddresses,
} from './config/offloading.ts'
import { PLAN_PER_CLUSTER, readPlan } from './config/plan.ts'
import { checkPlan } from './config/plan-check.ts'
import { PODS_PER_CLUSTER, readPodPatch } from './config/pods.ts'
import { checkPodPatch } from './config/pods-check.ts'
import { clusterPrefix, type Env, optional, Reader } from './config/reader.ts'
import {
  readSecret,
  readSecretSettings,
  readSecrets,
  SECRETS_GLOBAL,
  type Secret,
  type SecretSettings,
} from './config/secret.ts'
import {
  readApiServer,
  readServiceAccounts,
  SERVICE_ACCOUNT_GLOBAL,
  SERVICE_ACCOUNT_PER_CLUSTER,
} from './config/serviceaccount.ts'
import { readVirtualClass, STORAGE_GLOBAL, STORAGE_PER_CLUSTER } from './config/storage.ts'
import type { ReflectionType, Side } from './kinds/kind.ts'
import type { PodPatch, PodSettings } from './kinds/pod/settings.ts'
import type { AddressPlan } from './policy/plan.ts'

export { ConfigError } from './config/reader.ts'

/**
 * The environment, parsed once at cold start: the only place that reads `process.env`. An empty string counts as unset.
 * All problems come in one message, each with the variable's name and the remedy.
 */

/** Where a cluster's API server is, and with what credential: `loadCredentials` says more of each. */
export type Access =
  | { kubeconfig: Secret; context?: string }
  | { server: string; ca?: Secret; token: Secret }
  | { server: string; ca?: Secret; eks: EksCluster }
  | { inCluster: true }

export interface Networking {
  internal: boolean
  reflectIPs: boolean
}

export interface ClusterConfig {
  /** ClusterID: lower-case DNS-1123 label; part of labels and of the default remote namespace name. */
  id: string
  access: Access
  /** Bearer tokens accepted from this cluster's webhooks; several while one is rotated. */
  webhookTokens: readonly Secret[]
  /** Name of the EKS cluster: of its audit log group, and in its tokens; unset elsewhere. */
  eksName?: string
  /** What a clusterSelector is matched against, besides the labels every virtual node has. */
  labels: Readonly<Record<string, string>>
  networking: Networking
  /** Its CIDRs, as it names them. */
  plan: AddressPlan
  /** Networks that must never stand for another cluster's: routed somewhere else. */
  reservedSubnets: readonly string[]
  /** Its end of the internal network. */
  gateway: GatewaySettings
  loadBalancerClass?: string
  ingressClass?: string
  /** Where its API server is for pods that run elsewhere. */
  apiServer?: PodSettings['homeApiServer']
  /** What it provides the volumes of others' pods with. */
  storageClass?: string
  /** Who signs the certificate that its API server shows to kubelets: PEM, its base64, or a path. */
  kubeletClientCa?: Secret
  /** What it offers as a remote cluster. */
  offer: Offer
  /** What it adds to the pods that run there for others. */
  podPatch?: PodPatch
}

export interface PeeringConfig {
  home: string
  remote: string
}

export interface Config {
  clusters: readonly ClusterConfig[]
  peerings: readonly PeeringConfig[]
  /** RuntimeClass of pods that place themselves on a virtual node. */
  runtimeClass: string
  /** StorageClass of home that stands for the remote clusters' own. */
  virtualStorageClass: string
  /** Offloaded pods get tokens of their ServiceAccounts at home. */
  serviceAccounts: boolean
  /** Bytes of an IP packet in a tunnel. */
  networkMtu: number
  /** Queue that wakes the function of virtual nodes again. */
  heartbeatQueueUrl?: string
  /** Where the kubelet API of the virtual nodes is served; without it they have no address. */
  kubelet?: KubeletEndpoint
  reflection: Readonly<Record<string, ReflectionType>>
  labelsNotReflected: readonly string[]
  annotationsNotReflected: readonly string[]
  eventBusName: string
  /** Deletions one sweep may do; more are refused as a whole. */
  sweepDeleteBudget: number
  sweepReportOnly: boolean
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** As AWS names the function, e.g. `heliograph-prod-sweep`; what its metrics go by. */
  functionName?: string
  /** Milliseconds until a request to an API server is given up. */
  requestTimeoutMs: number
  /** URL of the proxy for API servers, from HTTPS_PROXY; hosts without it, from NO_PROXY. */
  proxy?: Secret
  noProxy: readonly string[]
  /** How secrets that are kept elsewhere are read. */
  secrets: SecretSettings
}

/** Kinds whose REFLECT_<KIND> variable exists. */
const REFLECTABLE = ['configmap', 'secret', 'service', 'ingress', 'event'] as const

const GLOBAL = [
  'CLUSTERS',
  'PEERINGS',
  'NETWORKING_INTERNAL',
  'NETWORKING_REFLECT_IPS',
  'REFLECT_LABELS_EXCEPT',
  'REFLECT_ANNOTATIONS_EXCEPT',
  'SWEEP_DELETE_BUDGET',
  'SWEEP_REPORT_ONLY',
  'LOG_LEVEL',
  'REQUEST_TIMEOUT_MS',
  'HTTPS_PROXY',
  'NO_PROXY',
  ...SECRETS_GLOBAL,
  ...NETWORK_GLOBAL,
  ...OFFLOADING_GLOBAL,
  ...STORAGE_GLOBAL,
  ...SERVICE_ACCOUNT_GLOBAL,
  ...REFLECTABLE.map((kind) => `REFLECT_${kind.toUpperCase()}`),
]

const PER_CLUSTER = [
  ...ACCESS_PER_CLUSTER,
  'WEBHOOK_TOKEN',
  'LABELS',
  'NETWORKING_INTERNAL',
  'NETWORKING_REFLECT_IPS',
  'LOAD_BALANCER_CLASS',
  'INGRESS_CLASS',
  'KUBELET_CLIENT_CA',
  ...PLAN_PER_CLUSTER,
  ...NETWORK_PER_CLUSTER,
  ...OFFLOADING_PER_CLUSTER,
  ...STORAGE_PER_CLUSTER,
  ...SERVICE_ACCOUNT_PER_CLUSTER,
  ...PODS_PER_CLUSTER,
]

/** Variables that are read on AWS, but for what AWS sets. @param ids of the clusters */
export function knownVariables(ids: readonly string[]): string[] {
  return [...GLOBAL, ...ids.flatMap((id) => PER_CLUSTER.map((name) => clusterPrefix(id) + name))]
}

/** What the webhook function needs: it faces the network, so it gets no credential of a cluster. */
export interface WebhookSettings {
  clusters: readonly Pick<ClusterConfig, 'id' | 'webhookTokens' | 'eksName'>[]
  /** What each cluster is to others, by ClusterID, where the environment says who extends into whom. */
  roles?: Readonly<Record<string, readonly Side[]>>
  /** Pods wake the function of their tokens too. */
  serviceAccounts: boolean
  /** Some cluster sets the flag `internal`: what the internal network is made of wakes its function. */
  internal: boolean
  eventBusName: string
  logLevel: Config['logLevel']
  secrets: SecretSettings
}

/** @throws ConfigError listing every problem */
export function parseWebhookSettings(env: Env): WebhookSettings {
  const reader = new Reader(env)
  const ids = reader.ids('CLUSTERS')
  reader.refuseUnknown(knownVariables(ids))
  const clusters = ids.map((id) => caller(reader, id))
  if (clusters.every(({ webhookTokens, eksName }) => webhookTokens.length === 0 && eksName === undefined)) {
    reader.problems.push(
      `${clusterPrefix(ids[0] ?? 'ID')}WEBHOOK_TOKEN: missing; without a token (or EKS_NAME) of any cluster no call is accepted`,
    )
  }
  const serviceAccounts = readServiceAccounts(reader)
  const roles = optional('roles', rolesOf(reader, ids))
  const shared = readNetworking(reader)
  const internal = ids.some((id) => readNetworking(reader, clusterPrefix(id), shared).internal)
  const secrets = readSecretSettings(reader)
  return reader.done({ clusters, serviceAccounts, internal, ...bus(reader), ...roles, secrets })
}

function rolesOf(reader: Reader, ids: readonly string[]): WebhookSettings['roles'] {
  if (reader.text('PEERINGS') === undefined) return undefined
  const peerings = reader.peerings('PEERINGS', ids)
  const roles = (id: string) => SIDES.filter((side) => peerings.some((peering) => peering[side] === id))
  return Object.fromEntries(ids.map((id) => [id, roles(id)]))
}

const SIDES: readonly Side[] = ['home', 'remote']

/**
 * Refuses a value of one cluster, e.g. of `CLUSTER_ROME_`, that only some functions use: what judges it is a library that
 * the others do without.
 */
export type Check = (reader: Reader, prefix: string) => void

/** The environment, all of it checked. @throws ConfigError listing every problem */
export function parseConfig(env: Env): Config {
  return parseConfigFor([checkPlan, checkPodPatch], env)
}

/** The environment as one function uses it. @throws ConfigError listing every problem */
export function parseConfigFor(checks: readonly Check[], env: Env): Config {
  const reader = new Reader(env)
  const ids = reader.ids('CLUSTERS')
  reader.refuseUnknown(knownVariables(ids))
  const networking = readNetworking(reader)
  const mode = readMode(reader)
  const clusters = ids.map((id) => cluster(reader, id, networking, mode))
  for (const check of checks) for (const id of ids) check(reader, clusterPrefix(id))
  const peerings = reader.peerings('PEERINGS', ids)
  refuseGatesWithAddresses(reader, clusters, peerings)
  const config: Config = {
    clusters,
    peerings,
    runtimeClass: readRuntimeClass(reader),
    virtualStorageClass: readVirtualClass(reader),
    serviceAccounts: readServiceAccounts(reader),
    networkMtu: readMtu(reader),
    reflection: reflection(reader),
    labelsNotReflected: reader.words('REFLECT_LABELS_EXCEPT'),
    annotationsNotReflected: reader.words('REFLECT_ANNOTATIONS_EXCEPT'),
    ...bus(reader),
    sweepDeleteBudget: reader.count('SWEEP_DELETE_BUDGET', 100),
    sweepReportOnly: reader.flag('SWEEP_REPORT_ONLY', false),
    requestTimeoutMs: reader.count('REQUEST_TIMEOUT_MS', 10_000),
    noProxy: reader.words('NO_PROXY'),
    secrets: readSecretSettings(reader),
    ...optional('functionName', reader.text('AWS_LAMBDA_FUNCTION_NAME')),
    ...optional('heartbeatQueueUrl', reader.text('HEARTBEAT_QUEUE_URL')),
    ...optional('kubelet', readKubelet(reader)),
    ...optional('proxy', readSecret(reader, 'HTTPS_PROXY')),
  }
  return reader.done(config)
}

function bus(reader: Reader): Pick<Config, 'eventBusName' | 'logLevel'> {
  return {
    eventBusName: reader.text('EVENT_BUS_NAME') ?? 'heliograph',
    logLevel: reader.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
  }
}

/** EndpointSlices go with their Services, so that there is one setting for both (Liqo v1.2). */
function reflection(reader: Reader): Record<string, ReflectionType> {
  const types = Object.fromEntries(
    REFLECTABLE.map((kind) => [kind, reader.oneOf(`REFLECT_${kind.toUpperCase()}`, TYPES, 'DenyList')]),
  )
  return { ...types, endpointslice: types.service! }
}

const TYPES = ['DenyList', 'AllowList', 'Off'] as const

function cluster(reader: Reader, id: string, shared: Networking, mode: OffloadingMode): ClusterConfig {
  const prefix = clusterPrefix(id)
  return {
    ...caller(reader, id),
    access: readAccess(reader, prefix),
    labels: reader.labels(`${prefix}LABELS`),
    networking: readNetworking(reader, prefix, shared),
    ...readPlan(reader, prefix),
    gateway: readGateway(reader, prefix),
    offer: readOffer(reader, prefix, mode),
    ...optional('podPatch', readPodPatch(reader, prefix)),
    ...optional('ingressClass', reader.text(`${prefix}INGRESS_CLASS`)),
    ...optional('apiServer', readApiServer(reader, prefix)),
    ...optional('storageClass', reader.text(`${prefix}STORAGE_CLASS`)),
    ...optional('kubeletClientCa', readSecret(reader, `${prefix}KUBELET_CLIENT_CA`)),
    ...optional('loadBalancerClass', reader.text(`${prefix}LOAD_BALANCER_CLASS`)),
  }
}

/** The two flags, of one cluster or, without a prefix, of all that do not say otherwise. */
function readNetworking(reader: Reader, prefix = '', shared: Networking = BY_DEFAULT): Networking {
  return {
    internal: reader.flag(`${prefix}NETWORKING_INTERNAL`, shared.internal),
    reflectIPs: reader.flag(`${prefix}NETWORKING_REFLECT_IPS`, shared.reflectIPs),
  }
}

const BY_DEFAULT: Networking = { internal: true, reflectIPs: true }

function caller(reader: Reader, id: string): Pick<ClusterConfig, 'id' | 'webhookTokens' | 'eksName'> {
  const prefix = clusterPrefix(id)
  const webhookTokens = readSecrets(reader, `${prefix}WEBHOOK_TOKEN`)
  return { id, webhookTokens, ...optional('eksName', readEksName(reader, prefix)) }
}

/** The configuration of this container, parsed at its cold start. @param checks of what it uses @throws ConfigError */
export function config(checks: readonly Check[]): Config {
  return parseConfigFor(checks, process.env)
}

/** The same for the webhook function. @throws ConfigError */
export function webhookSettings(): WebhookSettings {
  return parseWebhookSettings(process.env)
}
