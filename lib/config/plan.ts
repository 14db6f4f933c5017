import type { AddressPlan } from '../policy/plan.ts'
import type { Reader } from './reader.ts'

export const PLAN_PER_CLUSTER = ['POD_CIDR', 'EXTERNAL_CIDR', 'SERVICE_CIDR', 'RESERVED_SUBNETS'] as const

/** The CIDRs of one cluster, e.g. of `CLUSTER_ROME_`: comma lists, both families, all optional. `checkPlan` judges them. */
export function readPlan(reader: Reader, prefix: string): { plan: AddressPlan; reservedSubnets: readonly string[] } {
  const [podCIDRs = [], externalCIDRs = [], serviceCIDRs = [], reservedSubnets = []] = PLAN_PER_CLUSTER.map((name) =>
    reader.words(prefix + name),
  )
  return { plan: { podCIDRs, externalCIDRs, serviceCIDRs }, reservedSubnets }
}
