/** Secret material of one moment: what authenticates requests and connections. Never logged. */
export interface Identity {
  /** Whole Authorization header. */
  authorization?: string
  /** Client certificate and key, PEM. A change needs a new connection. */
  cert?: string | Buffer
  key?: string | Buffer
  /** When it stops being good, in ms since the epoch; absent: when the API server says so. */
  expiresAt?: number
}

export interface IdentitySource {
  current(): Promise<Identity>
  /**
   * After a 401: a newer identity than `refused`, or undefined where there is none to be had. Concurrent callers that
   * saw the same identity refused share one renewal.
   */
  renew(refused: Identity): Promise<Identity | undefined>
}

/** Renewed this long before it expires, so that no request is sent with the last second of a token; ms. */
const MARGIN = 60_000

export function fixedIdentity(identity: Identity): IdentitySource {
  return { current: async () => identity, renew: async () => undefined }
}

/** Keeps what `load` returned until shortly before it expires; short-lived ones for nine tenths of their life. */
export function renewedIdentity(load: () => Promise<Identity>, now: () => number = Date.now): IdentitySource {
  let held: { identity: Identity; until: number } | undefined
  let loading: Promise<Identity> | undefined

  async function read(): Promise<Identity> {
    const start = now()
    const identity = await load()
    const expiresAt = identity.expiresAt ?? Number.POSITIVE_INFINITY
    held = { identity, until: expiresAt - Math.min(MARGIN, (expiresAt - start) / 10) }
    return identity
  }

  function fresh(): Promise<Identity> {
    loading ??= read().finally(() => {
      loading = undefined
    })
    return loading
  }

  return {
    current: async () => (held && now() < held.until ? held.identity : fresh()),
    async renew(refused) {
      const newer = held && held.identity !== refused ? held.identity : await fresh()
      const same = newer.authorization === refused.authorization && String(newer.cert) === String(refused.cert)
      return same ? undefined : newer
    },
  }
}
