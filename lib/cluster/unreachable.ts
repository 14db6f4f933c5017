import { UnreachableError } from './errors.ts'

/** What to do about it, where the code tells. */
const HINTS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name does not resolve',
  ETIMEDOUT: 'no answer in time: is the endpoint reachable from here?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the CA does not match',
  SELF_SIGNED_CERT_IN_CHAIN: 'the CA does not match',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the CA does not match',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the CA does not match',
  CERT_SIGNATURE_FAILURE: 'the CA does not match',
  CERT_HAS_EXPIRED: 'the certificate of the server expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  ERR_SHORT_BODY: 'the answer is cut off',
  PROXY_407: 'the proxy wants credentials',
  PROXY_403: 'the proxy refuses this host',
}

/** `host:port` of the server, and of the proxy on the way; without credentials. */
export interface Address {
  server: string
  proxy?: string
}

/** Names address and code of the cause; never headers or bodies. */
export function unreachable(id: string, call: string, { server, proxy }: Address, cause: unknown): UnreachableError {
  const code = codeOf(cause)
  const way = proxy ? ` through proxy ${proxy}` : ''
  const hint = HINTS[code] ? ` (${HINTS[code]})` : ''
  return new UnreachableError(id, `no answer to ${call} from ${server}${way}: ${code}${hint}`, { cause })
}

/** Happy Eyeballs wraps one error for each address it tried. */
function codeOf(cause: unknown): string {
  const { code, errors, message } = cause as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }
  return code ?? errors?.[0]?.code ?? message?.split('\n')[0] ?? 'unknown cause'
}
