import { ENDPOINT_SLICE, SYSTEM_NAMESPACE, TUNNEL_ENDPOINT } from '../../cluster/resources.ts'
import { addressesOf, externalOriginals, mayNeedMappings } from '../../kinds/endpointslice/forge.ts'
import { endpointslice } from '../../kinds/endpointslice/kind.ts'
import type { Context, Found } from '../../kinds/kind.ts'
import { targetSelector } from '../../kinds/meta.ts'
import { isNegotiable, negotiatedNetworks } from '../../kinds/negotiated.ts'
import { formatAddress, parseAddress } from '../../policy/address.ts'
import { type Renaming, rangesOf, renamedAddress } from '../../policy/plan.ts'
import { remoteNamespaces, toPair } from '../../reflect/pairs.ts'
import { contextOf, type Pair, type Peering } from '../../reflect/peering.ts'
import { fetchListed, type Lists, readAll } from '../../reflect/reads.ts'
import type { ExternalCIDR } from './allocate.ts'
import { type Mapping, mappingByOriginal } from './mapping.ts'

/** How mappings of one peer may be used at present. */
export interface Negotiated {
  readonly external: ExternalCIDR
  /** The peer's name for the external CIDR. */
  readonly renamed: readonly Renaming[]
  readonly found: Found
}

/** What uses the mappings of one peer. */
export interface Usage {
  /** Originals that slices of home are to be reflected with. */
  readonly originals: ReadonlySet<string>
  /** Addresses that copies show to the peer's pods. */
  readonly shown: ReadonlySet<string>
}

/**
 * What was negotiated with the peer. `unused`: nothing ever will be, as the flags stand. `unknown`: it is not settled
 * what the peer calls home's CIDRs, so that nobody can say what its copies show.
 */
export async function negotiatedWith(peering: Peering): Promise<Negotiated | 'unused' | 'unknown'> {
  const { home, remote, networks } = peering
  const context = contextOf(peering, endpointslice, NOWHERE)
  if (!isNegotiable({ networks })) return 'unused'
  const endpoint = await home.get(TUNNEL_ENDPOINT, { namespace: SYSTEM_NAMESPACE, name: remote.id })
  if (!endpoint) return 'unknown'
  const found = { tunnel: [endpoint] }
  const { plan } = negotiatedNetworks(context, found).home
  const { renamed, problems } = rangesOf(plan)
  if (!renamed || problems.length > 0) return 'unknown'
  return { external: { peer: remote.id, cidr: plan.externalCIDRs[0] ?? '' }, renamed: renamed.externals, found }
}

const NOWHERE: Pair = { homeNamespace: '', remoteNamespace: '' }

/** The address by which the peer's pods call an external one. */
export function shownAs({ renamed }: Negotiated, external: string): string | undefined {
  const address = parseAddress(external)
  const named = 'unreadable' in address ? undefined : renamedAddress(renamed, address)
  return named && formatAddress(named)
}

/**
 * Looks through all slices of home that are reflected to the peer, and all copies there. What was read before counts
 * for nothing: all of it is listed now.
 * @throws ClusterError as the clusters do
 */
export async function usageOf(peering: Peering, { found }: Negotiated): Promise<Usage> {
  const originals = new Set<string>()
  const shared: Lists = new Map()
  for (const namespace of await remoteNamespaces(peering)) {
    const pair = toPair(peering, namespace)
    if (!pair) continue
    for await (const original of originalsIn(peering, pair, found, shared)) originals.add(original)
  }
  // After the slices: what one of them has let go since may still be shown.
  const shown = new Set<string>()
  const labelSelector = targetSelector(endpointslice.target, { home: peering.home.id, remote: peering.remote.id })
  for await (const page of peering.remote.list(ENDPOINT_SLICE, { labelSelector })) {
    for (const text of page.flatMap(addressesOf)) shown.add(text)
  }
  return { originals, shown }
}

async function* originalsIn(peering: Peering, pair: Pair, negotiated: Found, shared: Lists): AsyncGenerator<string> {
  const context: Context = contextOf(peering, endpointslice, pair)
  const fetch = fetchListed(peering, pair, shared)
  const { service, nodes } = endpointslice.reads
  for await (const page of peering.home.list(ENDPOINT_SLICE, { namespace: pair.homeNamespace })) {
    for (const slice of page.filter((one) => mayNeedMappings(one, context))) {
      const found = { ...(await readAll({ service, nodes }, slice, context, fetch)), ...negotiated }
      if (endpointslice.select(slice, context, found).reflect) yield* externalOriginals(slice, context, found)
    }
  }
}

/** The mappings that nothing uses: no slice needs them, or another stands for the same address, and no copy shows them. */
export function unusedOf(negotiated: Negotiated, mappings: readonly Mapping[], { originals, shown }: Usage): Mapping[] {
  const chosen = mappingByOriginal(mappings.filter(({ external }) => shownAs(negotiated, external) !== undefined))
  return mappings.filter((mapping) => {
    if (originals.has(mapping.original) && chosen.get(mapping.original) === mapping) return false
    return !shown.has(shownAs(negotiated, mapping.external) ?? '')
  })
}
