import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Readable } from 'node:stream'
import type { Credentials } from './credentials.ts'
import type { createDialer } from './dial.ts'
import { ClusterError } from './errors.ts'
import type { Identity } from './identity.ts'
import { unreachable } from './unreachable.ts'
import type { Reply } from './wire.ts'

/** An answer as it comes, for as long as it comes. */
export interface StreamReply extends Pick<Reply, 'status' | 'headers'> {
  /** Destroy it to end the connection. Breaks off with an error when the connection does. */
  body: Readable
}

/**
 * GETs `path`, with its query, on a connection of its own: what is followed for minutes takes no place of other requests,
 * and ends with its connection.
 * @param signal ends it, before the answer or within
 * @throws UnreachableError when there is no answer; CredentialsError when there is nothing to authenticate with
 */
export type OpenStream = (path: string, signal: AbortSignal) => Promise<StreamReply>

export interface StreamOptions {
  id: string
  credentials: Credentials
  dialer: ReturnType<typeof createDialer>
  /** Path of the server's URL. */
  prefix: string
  headersOf(identity: Identity): Record<string, string>
  /** For the beginning of the answer, ms; what follows may take as long as it likes. */
  timeoutMs: number
}

export function createStreams({ id, credentials, dialer, prefix, headersOf, timeoutMs }: StreamOptions): OpenStream {
  async function ask(path: string, identity: Identity, signal: AbortSignal): Promise<IncomingMessage> {
    const socket = await dialer.socket(identity)
    const { host } = new URL(credentials.server)
    const request = https.request({
      createConnection: () => socket,
      path: prefix + path,
      headers: { ...headersOf(identity), host, connection: 'close' },
      signal,
    })
    // After the answer its body tells; without a listener an error would end the process.
    request.on('error', () => {})
    request.end()
    const late = setTimeout(() => request.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' })), timeoutMs)
    try {
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      return response
    } finally {
      clearTimeout(late)
    }
  }

  return async (path, signal) => {
    try {
      const identity = await credentials.identity.current()
      let response = await ask(path, identity, signal)
      const newer = response.statusCode === 401 ? await credentials.identity.renew(identity) : undefined
      if (newer) {
        response.destroy()
        response = await ask(path, newer, signal)
      }
      return { status: response.statusCode ?? 0, headers: response.headers, body: response }
    } catch (error) {
      if (error instanceof ClusterError) throw error
      throw unreachable(id, `GET ${path.split('?')[0]}`, dialer.address, error)
    }
  }
}
