import { formatAddress, parseAddress } from '../../../lib/policy/address.ts'
import { networkOf, parseCidr, remap } from '../../../lib/policy/cidr.ts'
import { rangesOf, renamedAddress } from '../../../lib/policy/plan.ts'
import type { Golden } from '../cases.ts'
import { type Configuration, cidrsOf, isConfigured } from '../configuration.ts'
import { inputOf, type Runners } from '../runner.ts'

export const ipMapping: Runners = {
  RemapMask: (given) => {
    const [ip, cidr] = argsOf(given)
    const [address, network] = [parseAddress(ip), parseCidr(cidr)]
    if ('unreadable' in address || 'unreadable' in network) return { error: 'unreadable' }
    const remapped = remap(address, networkOf(network))
    return remapped ? { result: formatAddress(remapped) } : { error: `${ip} does not fit ${cidr}` }
  },
  MapAddressWithConfiguration: (given) => {
    const configuration = given.params.netConfiguration as Configuration | undefined
    if (!configuration || !isConfigured(configuration)) return { error: 'not negotiated' }
    const [own, names] = [cidrsOf(configuration.spec), cidrsOf(configuration.status)]
    const { renamed, problems } = rangesOf({ ...own, serviceCIDRs: [], seenAs: names })
    const address = parseAddress(argsOf(given)[0])
    if ('unreadable' in address) return { error: address.unreadable }
    if (!renamed || problems.length > 0) return { error: problems.join() }
    // What is in no CIDR stays as it is in Liqo v1.2; our policy refuses it.
    return { result: formatAddress(renamedAddress([...renamed.pods, ...renamed.externals], address) ?? address) }
  },
}

function argsOf(given: Golden): [string, string] {
  const [first = '', second = ''] = inputOf<{ args: string[] }>(given).args ?? []
  return [first, second]
}
