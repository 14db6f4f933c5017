import { distance } from 'fastest-levenshtein'
import * as z from 'zod'
import type { ReflectionType } from './kinds/kind.ts'

/**
 * The environment, parsed once at cold start: the only place that reads `process.env`. An empty string counts as unset.
 * All problems come in one message, each with the variable's name and the remedy.
 */

/** Where a cluster's API server is and with what credential: a kubeconfig, or the three values of a service account. */
export type Access =
  | { kubeconfig: string; context?: string }
  | { server: string; ca?: string; token: string }
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
  webhookTokens: readonly string[]
  /** Name of the EKS cluster, to tell its audit log group; unset elsewhere. */
  eksName?: string
  /** What a clusterSelector is matched against, besides the labels every virtual node has. */
  labels: Readonly<Record<string, string>>
  networking: Networking
  loadBalancerClass?: string
}

export interface PeeringConfig {
  home: string
  remote: string
}

export interface Config {
  clusters: readonly ClusterConfig[]
  peerings: readonly PeeringConfig[]
  reflection: Readonly<Record<string, ReflectionType>>
  labelsNotReflected: readonly string[]
  annotationsNotReflected: readonly string[]
  eventBusName: string
  /** Deletions one sweep may do; more are refused as a whole. */
  sweepDeleteBudget: number
  sweepReportOnly: boolean
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Milliseconds until a request to an API server is given up. */
  requestTimeoutMs: number
  /** URL of the proxy for API servers, from HTTPS_PROXY; hosts without it, from NO_PROXY. */
  proxy?: string
  noProxy: readonly string[]
}

/** Bad environment: stop at start. `problems` has one line per variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the environment has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

type Env = Readonly<Record<string, string | undefined>>

/** Kinds whose REFLECT_<KIND> variable exists. */
const REFLECTABLE = ['configmap', 'secret', 'service'] as const

const GLOBAL = [
  'CLUSTERS',
  'PEERINGS',
  'NETWORKING_INTERNAL',
  'NETWORKING_REFLECT_IPS',
  'REFLECT_LABELS_EXCEPT',
  'REFLECT_ANNOTATIONS_EXCEPT',
  'SWEEP_DELETE_BUDGET',
  'SWEEP_REPORT_ONLY',
  ...REFLECTABLE.map((kind) => `REFLECT_${kind.toUpperCase()}`),
]

const PER_CLUSTER = [
  'KUBECONFIG',
  'CONTEXT',
  'SERVER',
  'CA',
  'TOKEN',
  'IN_CLUSTER',
  'WEBHOOK_TOKEN',
  'EKS_NAME',
  'LABELS',
  'NETWORKING_INTERNAL',
  'NETWORKING_REFLECT_IPS',
  'LOAD_BALANCER_CLASS',
]

/** Every variable under these is ours, so an unknown one is a typing error. */
const OUR_PREFIXES = ['CLUSTER_', 'CLUSTERS', 'PEERINGS', 'NETWORKING_', 'REFLECT_', 'SWEEP_']

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/

/** `CLUSTER_<ID>_`: the ID in capitals, `-` as `_`. */
export function clusterPrefix(id: string): string {
  return `CLUSTER_${id.toUpperCase().replaceAll('-', '_')}_`
}

/** What the webhook function needs: it faces the network, so it gets no credential of a cluster. */
export interface WebhookSettings {
  clusters: readonly Pick<ClusterConfig, 'id' | 'webhookTokens' | 'eksName'>[]
  eventBusName: string
  logLevel: Config['logLevel']
}

/** @throws ConfigError listing every problem */
export function parseWebhookSettings(env: Env): WebhookSettings {
  const reader = new Reader(env)
  const ids = reader.ids('CLUSTERS')
  reader.refuseUnknown(ids)
  const clusters = ids.map((id) => caller(reader, id))
  if (clusters.every(({ webhookTokens, eksName }) => webhookTokens.length === 0 && eksName === undefined)) {
    reader.problems.push(
      `${clusterPrefix(ids[0] ?? 'ID')}WEBHOOK_TOKEN: missing; without a token (or EKS_NAME) of any cluster no call is accepted`,
    )
  }
  return reader.done({ clusters, ...bus(reader) })
}

/** @throws ConfigError listing every problem */
export function parseConfig(env: Env): Config {
  const reader = new Reader(env)
  const ids = reader.ids('CLUSTERS')
  reader.refuseUnknown(ids)
  const networking: Networking = {
    internal: reader.flag('NETWORKING_INTERNAL', true),
    reflectIPs: reader.flag('NETWORKING_REFLECT_IPS', true),
  }
  const config: Config = {
    clusters: ids.map((id) => cluster(reader, id, networking)),
    peerings: reader.peerings('PEERINGS', ids),
    reflection: Object.fromEntries(
      REFLECTABLE.map((kind) => [kind, reader.oneOf(`REFLECT_${kind.toUpperCase()}`, TYPES, 'DenyList')]),
    ),
    labelsNotReflected: reader.words('REFLECT_LABELS_EXCEPT'),
    annotationsNotReflected: reader.words('REFLECT_ANNOTATIONS_EXCEPT'),
    ...bus(reader),
    sweepDeleteBudget: reader.count('SWEEP_DELETE_BUDGET', 100),
    sweepReportOnly: reader.flag('SWEEP_REPORT_ONLY', false),
    requestTimeoutMs: reader.count('REQUEST_TIMEOUT_MS', 10_000),
    noProxy: reader.words('NO_PROXY'),
    ...optional('proxy', reader.text('HTTPS_PROXY')),
  }
  return reader.done(config)
}

function bus(reader: Reader): Pick<Config, 'eventBusName' | 'logLevel'> {
  return {
    eventBusName: reader.text('EVENT_BUS_NAME') ?? 'heliograph',
    logLevel: reader.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
  }
}

const TYPES = ['DenyList', 'AllowList', 'Off'] as const

function cluster(reader: Reader, id: string, shared: Networking): ClusterConfig {
  const prefix = clusterPrefix(id)
  return {
    ...caller(reader, id),
    access: reader.access(prefix),
    labels: reader.labels(`${prefix}LABELS`),
    networking: {
      internal: reader.flag(`${prefix}NETWORKING_INTERNAL`, shared.internal),
      reflectIPs: reader.flag(`${prefix}NETWORKING_REFLECT_IPS`, shared.reflectIPs),
    },
    ...optional('loadBalancerClass', reader.text(`${prefix}LOAD_BALANCER_CLASS`)),
  }
}

function caller(reader: Reader, id: string): Pick<ClusterConfig, 'id' | 'webhookTokens' | 'eksName'> {
  const prefix = clusterPrefix(id)
  const webhookTokens = reader.words(`${prefix}WEBHOOK_TOKEN`)
  return { id, webhookTokens, ...optional('eksName', reader.text(`${prefix}EKS_NAME`)) }
}

/** Reads variables and gathers what is wrong with them instead of throwing at the first. */
class Reader {
  readonly problems: string[] = []
  readonly #env: Env

  constructor(env: Env) {
    this.#env = env
  }

  /** @throws ConfigError when there were problems */
  done<T>(value: T): T {
    if (this.problems.length > 0) throw new ConfigError(this.problems)
    return deepFreeze(value)
  }

  text(name: string): string | undefined {
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  words(name: string): string[] {
    return (this.text(name) ?? '').split(',').flatMap((word) => word.trim() || [])
  }

  #check<T>(name: string, schema: z.ZodType<T>, fallback: T, remedy: string): T {
    const value = this.text(name)
    if (value === undefined) return fallback
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    this.problems.push(`${name}: ${JSON.stringify(value)} is not valid; ${remedy}`)
    return fallback
  }

  flag(name: string, fallback: boolean): boolean {
    return this.#check(name, FLAG, fallback, 'use true or false')
  }

  count(name: string, fallback: number): number {
    return this.#check(name, COUNT, fallback, 'use a whole number, 0 or more')
  }

  oneOf<const T extends string>(name: string, values: readonly T[], fallback: T): T {
    return this.#check(name, z.enum(values), fallback, `use one of ${values.join(', ')}`)
  }

  ids(name: string): string[] {
    const ids = this.words(name)
    if (ids.length === 0) this.problems.push(`${name}: missing; name the clusters, e.g. ${name}=rome,milan`)
    for (const id of ids) {
      if (!LABEL.test(id)) {
        this.problems.push(
          `${name}: "${id}" is no ClusterID; use lower-case letters, digits and "-" (at most 63), e.g. rome`,
        )
      }
    }
    for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) < index))) {
      this.problems.push(`${name}: "${id}" stands twice; remove one`)
    }
    return ids
  }

  peerings(name: string, ids: readonly string[]): PeeringConfig[] {
    const words = this.words(name)
    if (words.length === 0) this.problems.push(`${name}: missing; name who extends into whom, e.g. ${name}=rome:milan`)
    const seen = new Set<string>()
    return words.flatMap((word) => {
      const [home = '', remote = '', ...rest] = word.split(':')
      const unknown = [home, remote].filter((id) => !ids.includes(id))
      if (rest.length > 0 || home === '' || remote === '') {
        this.problems.push(`${name}: "${word}" is no peering; use <home>:<remote>, e.g. rome:milan`)
      } else if (unknown.length > 0) {
        this.problems.push(`${name}: "${word}" names ${unknown.join(', ')}, which CLUSTERS does not; add it there`)
      } else if (home === remote) {
        this.problems.push(`${name}: "${word}" peers a cluster with itself; name two clusters`)
      } else if (seen.has(word)) {
        this.problems.push(`${name}: "${word}" stands twice; remove one`)
      } else {
        seen.add(word)
        return [{ home, remote }]
      }
      return []
    })
  }

  labels(name: string): Record<string, string> {
    return Object.fromEntries(
      this.words(name).flatMap((word) => {
        const at = word.indexOf('=')
        if (at > 0) return [[word.slice(0, at), word.slice(at + 1)]]
        this.problems.push(`${name}: "${word}" is no label; use <key>=<value>, e.g. topology.kubernetes.io/region=eu`)
        return []
      }),
    )
  }

  access(prefix: string): Access {
    const kubeconfig = this.text(`${prefix}KUBECONFIG`)
    const server = this.text(`${prefix}SERVER`)
    const inCluster = this.flag(`${prefix}IN_CLUSTER`, false)
    const given = [kubeconfig && 'KUBECONFIG', server && 'SERVER', inCluster && 'IN_CLUSTER'].filter(Boolean)
    if (given.length !== 1) {
      const found = given.length === 0 ? 'no access' : `${given.join(' and ')} together`
      this.problems.push(
        `${prefix}KUBECONFIG: ${found}; set one of ${prefix}KUBECONFIG (path or YAML), ${prefix}SERVER with ${prefix}TOKEN and ${prefix}CA, or ${prefix}IN_CLUSTER=true`,
      )
    }
    if (kubeconfig) return { kubeconfig, ...optional('context', this.text(`${prefix}CONTEXT`)) }
    if (inCluster) return { inCluster: true }
    return this.#serverAccess(prefix, server ?? '')
  }

  #serverAccess(prefix: string, server: string): Access {
    const token = this.text(`${prefix}TOKEN`)
    if (server !== '' && !URL.canParse(server)) {
      this.problems.push(`${prefix}SERVER: "${server}" is no URL; use e.g. https://api.rome.example:6443`)
    }
    if (server !== '' && token === undefined) {
      this.problems.push(`${prefix}TOKEN: missing; give the bearer token of the service account for ${server}`)
    }
    return { server, token: token ?? '', ...optional('ca', this.text(`${prefix}CA`)) }
  }

  refuseUnknown(ids: readonly string[]): void {
    const known = [...GLOBAL, ...ids.flatMap((id) => PER_CLUSTER.map((name) => clusterPrefix(id) + name))]
    for (const name of Object.keys(this.#env)) {
      if (known.includes(name) || !OUR_PREFIXES.some((prefix) => name.startsWith(prefix))) continue
      const nearest = known.toSorted((a, b) => distance(a, name) - distance(b, name))[0]
      this.problems.push(`${name}: unknown variable; did you mean ${nearest}?`)
    }
  }
}

const FLAG = z.enum(['true', 'false']).transform((word) => word === 'true')
const COUNT = z.string().regex(/^\d+$/).transform(Number)

/** `{[key]: value}`, or nothing when there is no value: an absent optional property, not an undefined one. */
function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}

/** The configuration of this container, parsed at its cold start. @throws ConfigError */
export function config(): Config {
  return parseConfig(process.env)
}

/** The same for the webhook function. @throws ConfigError */
export function webhookSettings(): WebhookSettings {
  return parseWebhookSettings(process.env)
}
