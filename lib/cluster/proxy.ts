import net from 'node:net'

/**
 * Which proxy a server is reached through. `noProxy` has the entries of NO_PROXY: `*`, a host, a domain (`.corp` or
 * `corp`: it and all below), each perhaps with `:port`, an IP, a CIDR. Loopback never goes through one.
 */
export function proxyFor(server: URL, proxy: string | undefined, noProxy: readonly string[] = []): URL | undefined {
  if (!proxy) return undefined
  const host = unbracketed(server.hostname)
  if (host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)) return undefined
  const port = server.port || '443'
  if (noProxy.some((entry) => excludes(entry.trim().toLowerCase(), host, port))) return undefined
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`)
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === '*' || unbracketed(entry) === host) return true
  if (entry.includes('/')) return contains(entry, host)
  const [, name = '', only] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry) ?? []
  if (name === '' || (only !== undefined && only !== port)) return false
  return host === unbracketed(name) || host.endsWith(`.${name}`)
}

function contains(cidr: string, host: string): boolean {
  const [network = '', length = ''] = cidr.split('/')
  const family = net.isIP(network)
  if (family === 0 || net.isIP(host) !== family || !/^\d{1,3}$/.test(length)) return false
  if (Number(length) > (family === 4 ? 32 : 128)) return false
  const list = new net.BlockList()
  list.addSubnet(network, Number(length), `ipv${family as 4 | 6}`)
  return list.check(host, `ipv${family as 4 | 6}`)
}

/** Host of a URL as sockets want it: IPv6 without brackets. */
export function unbracketed(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
