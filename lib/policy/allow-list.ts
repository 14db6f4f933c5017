import type { Address } from './address.ts'
import { type Cidr, contains, parseCidr } from './cidr.ts'

/**
 * Which addresses one cluster may name to another. Our functions write endpoints and pod addresses with more rights
 * than those who made them: without this list a tenant could point a Service of the other cluster at its nodes'
 * loopback, its metadata service or any other host (the confused deputy of CVE-2021-25740).
 */
export type Special = 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'broadcast' | 'metadata'

/**
 * Refused whatever is configured; first match decides. The API server's own ValidateEndpointIP refuses unspecified,
 * loopback, link-local and link-local multicast; the rest it lets through. 240.0.0.0/4 is not here: clouds
 * hand it out to pods.
 */
const SPECIAL: readonly (readonly [cidr: string, special: Special])[] = [
  ['0.0.0.0/8', 'unspecified'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.169.254/32', 'metadata'], // AWS, Google, Azure, OpenStack and others
  ['169.254.170.0/24', 'metadata'], // ECS task roles (.2), EKS pod identity (.23)
  ['169.254.0.0/16', 'link-local'],
  ['100.100.100.200/32', 'metadata'], // Alibaba
  ['168.63.129.16/32', 'metadata'], // Azure wire server
  ['192.0.0.192/32', 'metadata'], // Oracle
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
  ['fd00:ec2::/32', 'metadata'], // AWS: IMDS ::254, pod identity ::23, DNS ::253, time ::123
  ['fd20:ce::254/128', 'metadata'], // Google
  ['fd00:c1::a9fe:a9fe/128', 'metadata'], // Oracle
]

/** IPv6 prefixes that carry an IPv4 address, and where its lowest bit is: a translator on the way unpacks it. */
const EMBEDDING: readonly (readonly [cidr: string, shift: bigint])[] = [
  ['::/96', 0n], // IPv4-compatible, RFC 4291
  ['::ffff:0:0:0/96', 0n], // IPv4-translated, RFC 2765
  ['64:ff9b::/96', 0n], // NAT64, RFC 6052
  ['2002::/16', 80n], // 6to4, RFC 3056
]

const special = SPECIAL.map(([cidr, name]) => [literal(cidr), name] as const)
const embedding = EMBEDDING.map(([cidr, shift]) => [literal(cidr), shift] as const)

/** e.g. `169.254.169.254` and its NAT64 form `64:ff9b::a9fe:a9fe` -> `metadata`; undefined: nothing special. */
export function specialOf(address: Address): Special | undefined {
  const named = special.find(([cidr]) => contains(cidr, address))
  if (named !== undefined) return named[1]
  const carrier = embedding.find(([cidr]) => contains(cidr, address))
  if (carrier === undefined) return undefined
  return specialOf({ family: 4, bits: (address.bits >> carrier[1]) & 0xffffffffn })
}

/**
 * Why an address may not go over as it is. `foreign`: it is outside every CIDR that its own cluster was configured
 * with (no CIDR configured: only the special ranges are refused). `receiver-service`: it is in the receiver's service
 * CIDRs, where it would mean one of the receiver's own Services, its API server for one.
 */
export type Objection = 'foreign' | 'receiver-service'

export function objectionTo(
  address: Address,
  own: readonly Cidr[],
  receiverServices: readonly Cidr[],
): Objection | undefined {
  if (receiverServices.some((cidr) => contains(cidr, address))) return 'receiver-service'
  return own.length === 0 || own.some((cidr) => contains(cidr, address)) ? undefined : 'foreign'
}

function literal(text: string): Cidr {
  const cidr = parseCidr(text)
  if ('unreadable' in cidr) throw new TypeError(cidr.unreadable)
  return cidr
}
