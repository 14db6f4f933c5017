import { formatAddress, parseAddress } from '../../../lib/policy/address.ts'
import { type Cidr, formatCidr, halvesOf, networkOf, nextNetwork, parseCidr, remap } from '../../../lib/policy/cidr.ts'
import { KEPT } from '../../../lib/policy/plan.ts'
import {
  effectiveCIDR,
  overlayAddress,
  type TunnelCIDRs,
  tunnelAddress,
  tunnelProblem,
} from '../../../lib/policy/tunnel.ts'
import { inputOf, type Runners } from '../runner.ts'

/** Arithmetic on one CIDR, the first argument; what cannot be read is an error. */
const ON_CIDR: Readonly<Record<string, (cidr: Cidr, argument: string) => unknown>> = {
  GetMask: ({ length }) => length,
  SetMask: (cidr, length) => {
    const { family, bits } = networkOf(cidr)
    return resultOf(parseCidr(`${formatAddress({ family, bits })}/${length}`))
  },
  // How Go writes the network that there is not.
  Next: (cidr) => formatted(nextNetwork(cidr)) ?? 'invalid Prefix',
  SplitNetwork: (cidr) => halvesOf(cidr)?.map(formatCidr),
  // Liqo takes the address as written for the first one.
  GetFirstIP: (cidr) => formatAddress(cidr),
  IsValidCIDR: () => true,
}

export const ipamPure: Runners = {
  ...Object.fromEntries(
    Object.entries(ON_CIDR).map(([call, answer]) => [
      `Pure:${call}`,
      (given) => {
        const [text = '', argument = ''] = inputOf<{ args: string[] }>(given).args ?? []
        const cidr = parseCidr(text)
        return 'unreadable' in cidr ? { error: cidr.unreadable } : toAnswer(answer(cidr, argument))
      },
    ]),
  ),
  'Pure:MapIPToNetwork': (given) => {
    const [network = '', ip = ''] = inputOf<{ args: string[] }>(given).args ?? []
    if (network === KEPT) return { result: ip }
    const [cidr, address] = [parseCidr(network), parseAddress(ip)]
    if ('unreadable' in cidr || 'unreadable' in address) return { error: 'unreadable' }
    const remapped = remap(address, cidr)
    return toAnswer(remapped && formatAddress(remapped))
  },
  'Pure:GetTunnelIP': (given) => toAnswer(tunnelAddress(inputOf<{ args: string[] }>(given).args?.[0] ?? '')),
  'Pure:GetOverlayIP': (given) => {
    const node = inputOf<{ args: string[] }>(given).args?.[0] ?? ''
    // Liqo answers what it cannot read with nothing, and crashes on IPv6.
    return 'unreadable' in parseAddress(node) ? { result: '' } : toAnswer(overlayAddress(node))
  },
  'Pure:TepCIDRs': (given) => {
    const tunnel = JSON.parse(inputOf<{ args: string[] }>(given).args?.[0] ?? '') as TunnelCIDRs
    const problem = tunnelProblem(tunnel)
    return {
      localRemappedPodCIDR: tunnel.localNATPodCIDR,
      localExternalCIDR: effectiveCIDR(tunnel.localExternalCIDR, tunnel.localNATExternalCIDR),
      remotePodCIDR: effectiveCIDR(tunnel.remotePodCIDR, tunnel.remoteNATPodCIDR),
      remoteExternalCIDR: effectiveCIDR(tunnel.remoteExternalCIDR, tunnel.remoteNATExternalCIDR),
      ...(problem && { checkError: problem }),
    }
  },
}

function formatted(cidr: Cidr | undefined): string | undefined {
  return cidr && formatCidr(cidr)
}

function resultOf(cidr: ReturnType<typeof parseCidr>): string | undefined {
  return 'unreadable' in cidr ? undefined : formatCidr(cidr)
}

function toAnswer(result: unknown): unknown {
  return result === undefined ? { error: 'there is none' } : { result }
}
