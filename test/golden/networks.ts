import type { KubeObject } from '../../lib/cluster/port.ts'
import type { Networks } from '../../lib/kinds/kind.ts'
import { KEPT } from '../../lib/policy/plan.ts'
import type { Golden } from './cases.ts'
import { inputOf } from './runner.ts'

/**
 * What a case says of addresses, in our terms:
 *
 * | case | ours |
 * |---|---|
 * | `ipTranslation`, home to remote | remapped: every address is a pod CIDR of its own, under its other name |
 * | `localPodCIDRs`, with the IP objects of home | remapped, all names kept; the IP objects are the mappings |
 * | neither | as they are |
 */
export function networksOf(given: Golden): Networks {
  const { ipTranslation, localPodCIDRs } = given.params as { ipTranslation?: Table; localPodCIDRs?: string[] }
  if (ipTranslation && given.kind === 'endpointslice') {
    const [own, names] = [Object.keys(ipTranslation), Object.values(ipTranslation)].map((texts) => texts.map(alone))
    return between(given, true, { podCIDRs: own!, seenAs: { podCIDRs: names!, externalCIDRs: [] } })
  }
  if (!localPodCIDRs) return between(given, false, {})
  const ips = ipsOf(given)
  const externalCIDRs = [...new Set(ips.flatMap(({ cidr }) => cidr ?? []))]
  const seenAs = { podCIDRs: localPodCIDRs.map(() => KEPT), externalCIDRs: externalCIDRs.map(() => KEPT) }
  const mappings = Object.fromEntries(ips.map(({ ip, external }) => [ip, external]))
  return { ...between(given, true, { podCIDRs: localPodCIDRs, externalCIDRs, seenAs }), mappings }
}

type Table = Record<string, string>

function between({ params }: Golden, internal: boolean, plan: Partial<Networks['home']['plan']>): Networks {
  const networking = { internal, reflectIPs: true }
  const none = { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] }
  const idOf = (side: unknown) => (side as { id?: string } | undefined)?.id ?? ''
  return {
    home: { id: idOf(params.localCluster), networking, plan: { ...none, ...plan } },
    remote: { id: idOf(params.remoteCluster), networking, plan: none },
  }
}

function alone(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

/** Liqo's IP objects (ipam.liqo.io): what stands for an address in the external CIDR. */
function ipsOf(given: Golden): { ip: string; external: string; cidr: string | undefined }[] {
  const { local = [] } = inputOf<{ local: KubeObject[] }>(given)
  return local.flatMap(({ kind, metadata, spec, status }) => {
    const { ip } = (spec ?? {}) as { ip?: string }
    const { ip: external, cidr } = (status ?? {}) as { ip?: string; cidr?: string }
    const isThere = kind === 'IP' && metadata.namespace === given.params.localNamespace
    return isThere && ip && external ? [{ ip, external, cidr }] : []
  })
}
