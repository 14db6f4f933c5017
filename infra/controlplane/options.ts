/** What a local cluster can be told. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditOptions, auditFlags } from './audit.ts'
import { kubeletFlags } from './kwok.ts'

export interface ClusterOptions {
  /** DNS label; names the cluster in kubeconfigs, and its nodes. */
  name: string
  /** The cluster's folder, made if need be: data, keys, logs, kubeconfigs. Started there again, it has its objects. */
  dir: string
  /** Sends audit events to a webhook. */
  audit?: AuditOptions
  /** `apiserver.config.k8s.io/v1` AdmissionConfiguration (YAML). */
  admissionConfig?: string
  /** Which controllers run; both by default. */
  components?: readonly ('controller-manager' | 'scheduler')[]
  /** Number of fake nodes, whose kubelets kwok plays; none by default. */
  nodes?: number
  /** Addresses of the pods on fake nodes; 10.244.0.0/16 by default. */
  podCIDR?: string
  /** IPv4; 10.96.0.0/16 by default. */
  serviceCIDR?: string
  /** More flags; where a flag is given twice the later one wins. */
  extraApiServerArgs?: readonly string[]
  extraControllerManagerArgs?: readonly string[]
  extraSchedulerArgs?: readonly string[]
  /** Longest wait for one component to become ready (ms); 120,000 by default. */
  timeoutMs?: number
}

/** The options with every default in place, and no option absent. */
export const withDefaults = (options: ClusterOptions) => ({
  components: ['controller-manager', 'scheduler'] as const,
  nodes: 0,
  podCIDR: '10.244.0.0/16',
  serviceCIDR: '10.96.0.0/16',
  extraApiServerArgs: [],
  extraControllerManagerArgs: [],
  extraSchedulerArgs: [],
  timeoutMs: 120_000,
  ...options,
})

/** The API server's own address in the service network: the first one, as of `10.96.0.0/16` 10.96.0.1. */
export const firstAddress = (cidr: string): string => {
  const octets = (cidr.split('/')[0] ?? '').split('.').map(Number)
  return [...octets.slice(0, 3), (octets[3] ?? 0) + 1].join('.')
}

/** Flags of the API server that follow from the options, and the files that they name, in `dir`. */
export const extraFlags = async (dir: string, options: ClusterOptions): Promise<string[]> => {
  const flags = options.nodes ? [...kubeletFlags] : []
  if (options.audit) flags.push(...(await auditFlags(dir, options.audit)))
  if (options.admissionConfig) {
    const file = join(dir, 'admission.yaml')
    await writeFile(file, options.admissionConfig)
    flags.push(`--admission-control-config-file=${file}`)
  }
  return [...flags, ...(options.extraApiServerArgs ?? [])]
}
