/** Liqo v1.2's network Configuration of a peer: `spec` holds its CIDRs as it calls them, `status` what they are called here. */
export interface Configuration {
  metadata?: { generation?: number }
  spec?: Cidrs
  status?: Cidrs & { conditions?: { type: string; status: string; observedGeneration?: number }[] }
}

interface Cidrs {
  remote?: { cidr?: { pod?: string[]; external?: string[] } }
}

/** Whether all names are agreed on, and of the CIDRs as they are now. */
export function isConfigured({ metadata, status }: Configuration): boolean {
  const condition = status?.conditions?.find(({ type }) => type === 'NetworkCIDRsConfigured')
  return condition?.status === 'True' && condition.observedGeneration === metadata?.generation
}

export function cidrsOf(part: Cidrs | undefined) {
  return { podCIDRs: part?.remote?.cidr?.pod ?? [], externalCIDRs: part?.remote?.cidr?.external ?? [] }
}
