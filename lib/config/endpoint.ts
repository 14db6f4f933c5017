import type { Reader } from './reader.ts'

export interface Endpoint {
  /** Name or address, IPv6 without brackets. */
  host: string
  port: number
}

/** `host[:port]`; undefined where it is not set. @param example of one, for the remedy */
export function readEndpoint(reader: Reader, name: string, defaultPort: number, example: string): Endpoint | undefined {
  const text = reader.text(name)
  if (text === undefined) return undefined
  // A scheme of no default port, which the parser would leave out.
  const { hostname = '', port = '' } = URL.parse(`endpoint://${text}`) ?? {}
  if (hostname === '' || !/^[^/?#@]+$/.test(text)) {
    reader.problems.push(`${name}: "${text}" is no endpoint; use <host>[:<port>], e.g. ${example}`)
  }
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? defaultPort : Number(port) }
}
