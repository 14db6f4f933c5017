import { type Amounts, toAmounts } from '../capacity/amounts.ts'
import type { ClusterConfig, PeeringConfig } from '../config.ts'
import { meaningOf } from '../policy/flags.ts'
import { type Endpoint, readEndpoint } from './endpoint.ts'
import { clusterPrefix, optional, type Reader } from './reader.ts'

/** How pods get to a remote cluster. */
export type OffloadingMode = 'virtual-node' | 'gate'

/** What a remote cluster offers to each home that extends into it. */
export interface Offer {
  mode: OffloadingMode
  /** Percent of its free capacity that its virtual node shows. */
  share: number
  /** What pods of one home may take together; unlimited when absent. */
  quota?: Amounts
}

/** Where the kubelet API of all virtual nodes is served. */
export type KubeletEndpoint = Endpoint

export const OFFLOADING_GLOBAL = ['OFFLOADING_MODE', 'OFFLOADING_RUNTIME_CLASS', 'OFFLOADING_KUBELET']
export const OFFLOADING_PER_CLUSTER = ['OFFLOADING_MODE', 'SHARE', 'QUOTA']

const MODES = ['virtual-node', 'gate'] as const

/** As in Liqo's chart. */
const DEFAULT_SHARE = 30

export function readMode(reader: Reader): OffloadingMode {
  return reader.oneOf('OFFLOADING_MODE', MODES, 'virtual-node')
}

/** RuntimeClass of pods that place themselves on a virtual node. */
export function readRuntimeClass(reader: Reader): string {
  return reader.text('OFFLOADING_RUNTIME_CLASS') ?? 'liqo'
}

/** `host[:port]`, port 10250 unless told. */
export function readKubelet(reader: Reader): KubeletEndpoint | undefined {
  return readEndpoint(reader, 'OFFLOADING_KUBELET', KUBELET_PORT, 'kubelet.example:443')
}

const KUBELET_PORT = 10250

/** @param shared the mode where the cluster says none */
export function readOffer(reader: Reader, prefix: string, shared: OffloadingMode): Offer {
  const share = reader.count(`${prefix}SHARE`, DEFAULT_SHARE)
  if (share > 100) reader.problems.push(`${prefix}SHARE: "${share}" is not valid; use a percentage, 0 to 100`)
  return {
    mode: reader.oneOf(`${prefix}OFFLOADING_MODE`, MODES, shared),
    share,
    ...optional('quota', readQuota(reader, `${prefix}QUOTA`)),
  }
}

function readQuota(reader: Reader, name: string): Amounts | undefined {
  const words = reader.words(name)
  if (words.length === 0) return undefined
  const list = Object.fromEntries(words.map((word) => [word.split('=', 1)[0]!, word.slice(word.indexOf('=') + 1)]))
  const quota = toAmounts(list)
  for (const word of words) {
    const amount = quota[word.split('=', 1)[0]!]
    if (!word.includes('=') || amount === undefined || amount < 0n) {
      reader.problems.push(`${name}: "${word}" is no limit; use <resource>=<quantity>, e.g. cpu=10,memory=20Gi`)
    }
  }
  return quota
}

/**
 * Gated pods never show an address, as they are on no node: both clusters must have agreed to that.
 * @param clusters as configured
 */
export function refuseGatesWithAddresses(
  reader: Reader,
  clusters: readonly ClusterConfig[],
  peerings: readonly PeeringConfig[],
): void {
  for (const { home, remote } of peerings) {
    const [one, other] = [home, remote].map((id) => clusters.find((cluster) => cluster.id === id))
    if (!one || other?.offer.mode !== 'gate') continue
    const { gateMode, disagreements } = meaningOf(one, other)
    if (gateMode && disagreements.every(({ flag }) => flag !== 'reflectIPs')) continue
    reader.problems.push(
      `${clusterPrefix(remote)}OFFLOADING_MODE: "gate" needs NETWORKING_REFLECT_IPS=false for ${home} and for ${remote}, as gated pods show no address; set it so, or use virtual-node`,
    )
  }
}
