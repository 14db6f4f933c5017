import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secrets } from '../aws/secrets.ts'
import type { Secret } from '../config/secret.ts'
import { UnauthenticatedError } from '../handler/errors.ts'

/** A cluster and the tokens it may call with; two while one is being replaced. */
export interface ClusterTokens {
  readonly id: string
  /** A reference may stand for several, by comma. */
  readonly webhookTokens: readonly Secret[]
}

/**
 * Bearer token to ClusterID.
 * @throws UnauthenticatedError for a missing and for a wrong token alike; SecretError where tokens could not be read
 */
export type Authenticate = (token: string | undefined) => Promise<string>

/** Two clusters with one token could not be told apart: nobody is, until a person gives each its own. */
export class SharedTokenError extends Error {
  readonly retry = false

  constructor(one: string, other: string) {
    super(`clusters ${one} and ${other} have the same webhook token: give each its own`)
    this.name = new.target.name
  }
}

interface Known {
  id: string
  digest: Buffer
}

/**
 * Compares with every token, in the same time whichever matches: digests of equal length, no early exit. When none does,
 * tokens that are kept elsewhere are read again, as they may have been rotated (`Secrets` bounds how often). A cluster
 * whose tokens cannot be read hinders no other.
 * @throws SharedTokenError for tokens of the environment
 */
export function authenticator(clusters: readonly ClusterTokens[], secrets: Secrets): Authenticate {
  const fixed = clusters.flatMap(({ id, webhookTokens }) =>
    webhookTokens.flatMap((token) => (typeof token === 'string' ? known(id, token) : [])),
  )
  refuseShared(fixed)
  const elsewhere = clusters.flatMap(({ id, webhookTokens }) =>
    webhookTokens.flatMap((reference) => (typeof reference === 'string' ? [] : [{ id, reference }])),
  )

  async function match(given: Buffer, again: boolean): Promise<string | undefined> {
    const reads = await Promise.allSettled(
      elsewhere.map(async ({ id, reference }) => known(id, await secrets.read(reference, { again }))),
    )
    const all = [...fixed, ...reads.flatMap((read) => (read.status === 'fulfilled' ? read.value : []))]
    refuseShared(all)
    const [matching] = all.filter(({ digest }) => timingSafeEqual(digest, given))
    const failed = reads.find((read) => read.status === 'rejected')
    if (!matching && failed) throw failed.reason
    return matching?.id
  }

  return async (token) => {
    const given = digestOf(token ?? '')
    const id = (await match(given, false)) ?? (token && elsewhere.length > 0 ? await match(given, true) : undefined)
    if (id === undefined) throw new UnauthenticatedError()
    return id
  }
}

/** @param tokens by comma; an empty one is none */
function known(id: string, tokens: string): Known[] {
  return tokens.split(',').flatMap((token) => (token.trim() === '' ? [] : { id, digest: digestOf(token.trim()) }))
}

function refuseShared(all: readonly Known[]): void {
  for (const [index, { id, digest }] of all.entries()) {
    const other = all.slice(0, index).find((earlier) => earlier.id !== id && earlier.digest.equals(digest))
    if (other) throw new SharedTokenError(other.id, id)
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

/**
 * The token of a request: `Authorization: Bearer <token>`, else `…/token/<token>` as the end of the path. The latter is
 * for admission webhooks of managed control planes (EKS), whose configuration takes a URL and neither header nor query;
 * such a URL shows up in the API server's own errors, so give the token of that URL no other use and renew it.
 */
export function credentialOf(headers: Readonly<Record<string, string>>, path: string): string | undefined {
  const bearer = /^bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')
  return (bearer ?? /\/token\/([^/]+)\/?$/.exec(path))?.[1]
}
