import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
// The deep path keeps the bundle small: the package's root and its KubeConfig class bring 1.2 MB (undici, generated
// models) for what these three pure functions do.
import { newClusters, newContexts, newUsers, type User } from '@kubernetes/client-node/dist/config_types.js'
import type { Credentials } from './credentials.ts'
import type { Problem } from './exec.ts'
import type { Identity } from './identity.ts'

interface Document {
  'current-context'?: string
  clusters?: unknown
  users?: { name?: string; user?: { tokenFile?: string } }[]
  contexts?: unknown
}

/** Tokens in files are rotated by whoever wrote them: read again after this time, ms (client-go does so, too). */
const TOKEN_FILE_TTL = 60_000

/** What a kubeconfig says, and what proves who its user is: for good, or until it is obtained anew. */
export interface Kubeconfig extends Omit<Credentials, 'identity'> {
  identity: Identity | (() => Promise<Identity>)
}

/**
 * One context of a kubeconfig. Loaded when there is one: it takes nothing from the modules of the start.
 * @param given path, or the YAML or JSON itself
 * @param context the current one unless told
 * @throws `failure`, naming the file, context, cluster or user at fault; never its contents
 */
export async function readKubeconfig(
  given: string,
  context: string | undefined,
  failure: Problem,
): Promise<Kubeconfig> {
  const inline = /[\n{]/.test(given)
  const file = inline ? undefined : resolve(given)
  const name = file ?? 'the inline kubeconfig'
  const problem = (why: string) => failure(`${name} ${why}`)
  const text = file ? await readText(file, problem) : given
  const document = await parseDocument(text, problem)
  const parsed = tryTo(
    () => sections(document),
    (error) => problem(`is not valid: ${error.message}`),
  )

  const wanted = context ?? document['current-context']
  const known = parsed.contexts.map((each) => each.name).join(', ') || 'none'
  if (!wanted) throw problem(`has no current-context (contexts: ${known})`)
  const chosen = parsed.contexts.find((each) => each.name === wanted)
  if (!chosen) throw problem(`has no context ${wanted} (contexts: ${known})`)
  const cluster = parsed.clusters.find((each) => each.name === chosen.cluster)
  if (!cluster) throw problem(`has no cluster ${chosen.cluster}, which its context ${wanted} names`)
  const user = parsed.users.find((each) => each.name === chosen.user)
  if (chosen.user && !user) throw problem(`has no user ${chosen.user}, which its context ${wanted} names`)

  const path = (relative: string) => (file ? resolve(dirname(file), relative) : resolve(relative))
  const read = (from: string | undefined, data: string | undefined) =>
    tryTo(
      () => pem(from && path(from), data),
      (error) => problem(`names a file that cannot be read: ${error.message}`),
    )
  const ca = read(cluster.caFile, cluster.caData)
  const certificate: Identity = {}
  const cert = read(user?.certFile, user?.certData)
  const key = read(user?.keyFile, user?.keyData)
  if (cert) certificate.cert = cert
  if (key) certificate.key = key

  const entry = document.users?.find((each) => each.name === user?.name)
  const tokenFile = entry?.user?.tokenFile ?? user?.authProvider?.config?.tokenFile
  const info = { server: cluster.server, 'certificate-authority-data': ca?.toString('base64') }
  const exec = async () => {
    const { execIdentity } = await import('./exec.ts')
    return execIdentity(user?.exec, { problem: failure, cluster: info, ...(file ? { file } : {}) })
  }
  return {
    server: cluster.server,
    insecure: cluster.skipTLSVerify,
    ...(ca ? { ca } : {}),
    ...(cluster.tlsServerName ? { serverName: cluster.tlsServerName } : {}),
    ...(cluster.proxyUrl ? { proxy: cluster.proxyUrl } : {}),
    ...(user?.impersonateUser ? { headers: { 'impersonate-user': user.impersonateUser } } : {}),
    identity: identityOf(user, certificate, tokenFile && path(tokenFile), exec, problem),
  }
}

function identityOf(
  user: User | undefined,
  certificate: Identity,
  tokenFile: string | undefined,
  exec: () => Promise<Identity>,
  problem: Problem,
): Kubeconfig['identity'] {
  if (tokenFile) return () => tokenFileIdentity(tokenFile, certificate, problem)
  if (user?.token) return { ...certificate, authorization: `Bearer ${user.token.trim()}` }
  if (user?.exec) return async () => ({ ...certificate, ...(await exec()) })
  if (user?.authProvider) {
    throw problem(`uses the auth-provider ${user.authProvider.name}, which is not supported: use an exec plugin`)
  }
  if (!user?.username) return certificate
  const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')
  return { ...certificate, authorization: `Basic ${basic}` }
}

/** A token that lives in a file, as the kubelet mounts it. */
export async function tokenFileIdentity(file: string, rest: Identity, problem: Problem): Promise<Identity> {
  const token = await readText(file, () => problem(`names the token file ${file}, which cannot be read`))
  return { ...rest, authorization: `Bearer ${token.trim()}`, expiresAt: Date.now() + TOKEN_FILE_TTL }
}

async function readText(file: string, problem: Problem): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw problem(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`)
  }
}

async function parseDocument(text: string, problem: Problem): Promise<Document> {
  const value = jsonOf(text) ?? (await yamlOf(text, problem))
  if (typeof value !== 'object' || value === null) throw problem('is not a kubeconfig')
  return value as Document
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The parser is loaded when there is something for it: it is as large as the rest of a function. */
async function yamlOf(text: string, problem: Problem): Promise<unknown> {
  const { parseDocument: parse } = await import('yaml')
  const document = parse(text, { prettyErrors: true })
  const [broken] = document.errors
  // Only the place: the parser's own message quotes the line, which may hold a token.
  if (broken) throw problem(`is not valid YAML: ${broken.code} at line ${broken.linePos?.[0].line ?? '?'}`)
  return document.toJS()
}

function sections(document: Document) {
  return {
    clusters: newClusters(document.clusters),
    users: newUsers(document.users),
    contexts: newContexts(document.contexts),
  }
}

function pem(file: string | undefined, data: string | undefined): Buffer | undefined {
  if (file) return readFileSync(file)
  return data ? Buffer.from(data, 'base64') : undefined
}

function tryTo<T>(run: () => T, toError: (error: Error) => Error): T {
  try {
    return run()
  } catch (error) {
    throw toError(error as Error)
  }
}
