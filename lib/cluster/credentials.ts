import { readFileSync } from 'node:fs'
import { isOurs } from '../log.ts'
import { CredentialsError } from './errors.ts'
import { fixedIdentity, type Identity, type IdentitySource, renewedIdentity } from './identity.ts'

/** How to reach and convince one API server. */
export interface Credentials {
  /** `https://host:port`, perhaps with a path. */
  server: string
  /** PEM; absent: the certificate authorities that Node trusts. */
  ca?: string | Buffer
  /** Name to expect in the certificate instead of the host's. */
  serverName?: string
  /** The certificate is not verified. */
  insecure: boolean
  /** Proxy that the kubeconfig asks for; it wins over the environment's. */
  proxy?: string
  /** Further headers of each request (impersonation). */
  headers?: Record<string, string>
  identity: IdentitySource
}

/** A bearer token and, in ms since the epoch, when it expires. */
export interface ExpiringToken {
  token: string
  expiresAt?: number
}

export type CredentialSource =
  /** Path or text (YAML or JSON), and the context in it. */
  | { kubeconfig: string; context?: string }
  /** CA: PEM, PEM in base64, or a path. A function as token is called again before the token expires and on 401. */
  | { server: string; ca?: string; token: string | (() => Promise<ExpiringToken>) }
  /** The service account of the pod that this runs in. */
  | { inCluster: true; root?: string }

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * Loads the credentials of cluster `id`; reads files now, runs exec plugins at the first request.
 * @throws CredentialsError saying what is wrong with which file, context or value
 */
export async function loadCredentials(id: string, source: CredentialSource): Promise<Credentials> {
  const loaded = await load(id, source)
  if (!URL.canParse(loaded.server)) throw new CredentialsError(id, `the server is not a URL: ${loaded.server}`)
  if (new URL(loaded.server).protocol !== 'https:') {
    throw new CredentialsError(
      id,
      `the server must be an https URL, since requests carry credentials: ${loaded.server}`,
    )
  }
  return loaded
}

async function load(id: string, source: CredentialSource): Promise<Credentials> {
  if ('kubeconfig' in source) return fromKubeconfig(id, source.kubeconfig, source.context)
  if ('inCluster' in source) return inCluster(id, source.root ?? SERVICE_ACCOUNT)
  const { server, ca, token } = source
  const identity =
    typeof token === 'string' ? fixedIdentity(bearer({ token })) : renewedIdentity(() => obtained(id, token))
  return { server: server.replace(/\/+$/, ''), insecure: false, identity, ...(ca ? { ca: certificateOf(id, ca) } : {}) }
}

async function fromKubeconfig(id: string, given: string, context: string | undefined): Promise<Credentials> {
  const { readKubeconfig } = await import('./kubeconfig.ts')
  const { identity, ...rest } = await readKubeconfig(given, context, (why) => new CredentialsError(id, why))
  return { ...rest, identity: typeof identity === 'function' ? renewedIdentity(identity) : fixedIdentity(identity) }
}

/** The API server's certificate always names this host; so no variable of the pod is needed. */
async function inCluster(id: string, root: string): Promise<Credentials> {
  const { tokenFileIdentity } = await import('./kubeconfig.ts')
  const problem = (why: string) => new CredentialsError(id, `the service account of this pod (${root}) ${why}`)
  const identity = renewedIdentity(() => tokenFileIdentity(`${root}/token`, {}, problem))
  return {
    server: 'https://kubernetes.default.svc',
    insecure: false,
    ca: certificateOf(id, `${root}/ca.crt`),
    identity,
  }
}

async function obtained(id: string, token: () => Promise<ExpiringToken>): Promise<Identity> {
  try {
    return bearer(await token())
  } catch (cause) {
    const why = isOurs(cause) ? cause.message : (cause as Error).name
    throw new CredentialsError(id, `no token could be obtained (${why})`, { cause })
  }
}

function bearer({ token, expiresAt }: ExpiringToken): Identity {
  const identity: Identity = { authorization: `Bearer ${token.trim()}` }
  if (expiresAt !== undefined) identity.expiresAt = expiresAt
  return identity
}

const BEGIN = '-----BEGIN '

/**
 * Environment variables hold PEM with real or escaped line breaks, its base64 as kubeconfigs do, or the path of its file.
 * @throws CredentialsError
 */
export function certificateOf(id: string, given: string): string | Buffer {
  if (given.includes(BEGIN)) return given.replaceAll('\\n', '\n')
  const decoded = Buffer.from(given, 'base64')
  if (decoded.includes(BEGIN)) return decoded
  try {
    return readFileSync(given)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CredentialsError(id, `the CA is neither PEM, nor its base64, nor a file that can be read (${code})`)
  }
}
