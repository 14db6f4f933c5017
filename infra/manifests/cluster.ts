import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { KubeObject } from '../../lib/cluster/port.ts'
import type { Config } from '../../lib/config.ts'
import { managed } from '../../lib/flows/network/names.ts'
import type { Side } from '../../lib/kinds/kind.ts'
import { meaningOf } from '../../lib/policy/flags.ts'
import { type AdmissionEndpoint, admissionWebhooks } from '../admission-webhooks.ts'
import { CRDS, readCrd } from '../crds.ts'
import type { Use } from '../rights.ts'
import { eventWebhook } from './event-webhook.ts'
import { rightsObjects } from './rights.ts'
import { storageClass } from './storage-class.ts'
import { toObjects } from './yaml.ts'

/** How a cluster tells of changes: by its API server's audit backend, by a webhook configuration, or not at all. */
export type Events = 'audit' | 'webhook' | 'none'

export interface ClusterOptions {
  /** ClusterID. */
  id: string
  use: Use
  events: Events
  webhook?: AdmissionEndpoint
  /** Absent: no pods are placed, and nothing is validated. */
  admission?: AdmissionEndpoint
}

/** There is nothing to set up, e.g. for a ClusterID without a part in any peering, or no place for the files. */
export class ManifestError extends Error {
  constructor(message: string) {
    super(message)
    this.name = new.target.name
  }
}

/**
 * What a cluster is used for, by the configuration.
 * @throws ManifestError for a cluster that is not configured, or peers with none
 */
export function useOf({ clusters, peerings, serviceAccounts }: Config, id: string): Use {
  if (!clusters.some((cluster) => cluster.id === id)) {
    throw new ManifestError(
      `--cluster: CLUSTERS has no "${id}"; use one of ${clusters.map((one) => one.id).join(', ')}`,
    )
  }
  const own = peerings.filter((peering) => peering.home === id || peering.remote === id)
  if (own.length === 0) throw new ManifestError(`--cluster: PEERINGS has no "${id}"; add who extends into whom`)
  const clusterOf = (one: string) => clusters.find((cluster) => cluster.id === one)!
  const gated = new Set(clusters.filter(({ offer }) => offer.mode === 'gate').map((cluster) => cluster.id))
  return {
    sides: SIDES.filter((side) => own.some((peering) => peering[side] === id)),
    gated: own.some(({ remote }) => gated.has(remote)),
    internal: own.some(({ home, remote }) => meaningOf(clusterOf(home), clusterOf(remote)).networkFlow),
    serviceAccounts,
  }
}

const SIDES: readonly Side[] = ['home', 'remote']

/**
 * All objects that a cluster needs, in the order to apply them in: custom resources, who the functions are and what they
 * may do, and the webhooks.
 */
export async function clusterObjects(config: Config, options: ClusterOptions): Promise<KubeObject[]> {
  const { id, use, events, webhook, admission } = options
  const { access } = config.clusters.find((cluster) => cluster.id === id)!
  const isHome = use.sides.includes('home')
  return [
    ...(await customResources(use.sides)),
    ...(use.internal ? await gatewayObjects() : []),
    ...rightsObjects({ use, accounts: !('eks' in access) }),
    ...(isHome ? [storageClass(config.virtualStorageClass)] : []),
    ...(admission ? use.sides.flatMap((side) => admissionWebhooks(side, admission)) : []),
    ...(events === 'webhook' && webhook ? [eventWebhook(use.sides, webhook)] : []),
  ]
}

async function customResources(sides: readonly Side[]): Promise<KubeObject[]> {
  const names = new Set(sides.flatMap((side) => CRDS[side]))
  return (await Promise.all([...names].map(async (name) => toObjects(await readCrd(name))))).flat()
}

/** The data plane's own part: its namespace, its accounts and what they may do. */
async function gatewayObjects(): Promise<KubeObject[]> {
  const objects = toObjects(await readFile(join(import.meta.dirname, '..', 'gateway', 'rbac.yaml'), 'utf8'))
  return objects.map((object) => {
    const { metadata } = object
    return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...managed() } } }
  })
}
