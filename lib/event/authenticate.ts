import { createHash, timingSafeEqual } from 'node:crypto'
import { UnauthenticatedError } from '../handler/errors.ts'

/** A cluster and the tokens it may call with; two while one is being replaced. */
export interface ClusterTokens {
  readonly id: string
  readonly webhookTokens: readonly string[]
}

/** Bearer token to ClusterID. @throws UnauthenticatedError for a missing and for a wrong token alike */
export type Authenticate = (token: string | undefined) => string

/** Stops the start: two clusters with one token could not be told apart. */
export class SharedTokenError extends Error {
  readonly retry = false

  constructor(one: string, other: string) {
    super(`clusters ${one} and ${other} have the same webhook token: give each its own`)
    this.name = new.target.name
  }
}

/**
 * Compares with every configured token, in the same time whichever matches: digests of equal length, no early exit.
 * @throws SharedTokenError
 */
export function authenticator(clusters: readonly ClusterTokens[]): Authenticate {
  const known = clusters.flatMap(({ id, webhookTokens }) =>
    webhookTokens.filter((token) => token !== '').map((token) => ({ id, digest: digestOf(token) })),
  )
  for (const [index, { id, digest }] of known.entries()) {
    const other = known.slice(0, index).find((earlier) => earlier.id !== id && earlier.digest.equals(digest))
    if (other) throw new SharedTokenError(other.id, id)
  }
  return (token) => {
    const given = digestOf(token ?? '')
    const matching = known.filter(({ digest }) => timingSafeEqual(digest, given))
    if (!matching[0]) throw new UnauthenticatedError()
    return matching[0].id
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
