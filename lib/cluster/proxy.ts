/**
 * Which proxy a server is reached through. `noProxy` has the entries of NO_PROXY: `*`, a host, a domain (`.corp` or
 * `corp`: it and all below), an IP, each perhaps with `:port`; loopback never goes through one.
 */
export function proxyFor(server: URL, proxy: string | undefined, noProxy: readonly string[] = []): URL | undefined {
  if (!proxy) return undefined
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  if (host === 'localhost' || host === '::1' || /^127(\.\d+){3}$/.test(host)) return undefined
  const port = server.port || '443'
  if (noProxy.some((entry) => excludes(entry.trim().toLowerCase(), host, port))) return undefined
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`)
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  const [, name = '', only] = /^(?:\*?\.)?(.+?)(?::(\d+))?$/.exec(entry) ?? []
  if (name === '' || (only !== undefined && only !== port)) return false
  const plain = name.replace(/^\[|\]$/g, '')
  return host === plain || host.endsWith(`.${plain}`)
}
