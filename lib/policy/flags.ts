/**
 * What the two networking flags mean, everywhere. No other file compares them.
 *
 * | internal | reflectIPs | addresses | networkFlow |
 * |---|---|---|---|
 * | true | true | remapped | yes |
 * | false | true | as they are | no |
 * | true | false | none | yes |
 * | false | false | none | no |
 */
export interface Flags {
  /** The clusters are joined by our own fabric, with remapped CIDRs. False: by something else, or not at all. */
  readonly internal: boolean
  /** Addresses are shown across: pod IPs at home, endpoints in the remote cluster. */
  readonly reflectIPs: boolean
}

/** One cluster's ClusterID and its own flags. */
export interface FlaggedCluster {
  readonly id: string
  readonly networking: Flags
}

/** A flag that the two sides set differently. */
export interface Disagreement {
  readonly flag: keyof Flags
  readonly home: boolean
  readonly remote: boolean
  /** A sentence for the user: what differs and what follows. */
  readonly why: string
}

export interface Meaning {
  /** `conflicting`: the sides disagree on `internal`, so no way of writing an address is known to be right. */
  readonly addresses: 'remapped' | 'as-is' | 'none' | 'conflicting'
  /** NetworkConfig, TunnelEndpoint, Gateway and Route configuration are wanted; false: earlier ones are removed. */
  readonly networkFlow: boolean
  /** Reflected EndpointSlices hold endpoints; false: earlier ones are removed. */
  readonly endpointSlices: boolean
  /** The virtual node bears NetworkUnavailable, and is Ready only with a tunnel. Its own cluster alone decides. */
  readonly nodeNetworkCondition: boolean
  /** Pods may be offloaded by scheduling gates, without a virtual node: they never show an address. */
  readonly gateMode: boolean
  readonly disagreements: readonly Disagreement[]
}

/** Each flag holds only where both sides set it: neither cluster is given what it did not ask for. */
export function meaningOf(home: FlaggedCluster, remote: FlaggedCluster): Meaning {
  const reflectIPs = home.networking.reflectIPs && remote.networking.reflectIPs
  const internal = home.networking.internal && remote.networking.internal
  const disagreements = (['internal', 'reflectIPs'] as const)
    .filter((flag) => home.networking[flag] !== remote.networking[flag])
    .map((flag) => disagreementOn(flag, home, remote))
  return {
    addresses: addresses(reflectIPs, internal, home.networking.internal || remote.networking.internal),
    networkFlow: internal,
    endpointSlices: reflectIPs,
    nodeNetworkCondition: home.networking.internal,
    gateMode: !reflectIPs,
    disagreements,
  }
}

function addresses(reflectIPs: boolean, bothInternal: boolean, oneInternal: boolean): Meaning['addresses'] {
  if (!reflectIPs) return 'none'
  if (bothInternal) return 'remapped'
  return oneInternal ? 'conflicting' : 'as-is'
}

function disagreementOn(flag: keyof Flags, home: FlaggedCluster, remote: FlaggedCluster): Disagreement {
  const effect =
    flag === 'internal' ? 'no tunnel is made and no address is reflected' : 'no address is reflected in either cluster'
  return {
    flag,
    home: home.networking[flag],
    remote: remote.networking[flag],
    why: `${flag} is ${home.networking[flag]} in ${home.id} and ${remote.networking[flag]} in ${remote.id}: ${effect}. Set both alike.`,
  }
}
