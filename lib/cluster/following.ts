import { ClusterError, CredentialsUnreadableError } from './errors.ts'
import type { Transport } from './transport.ts'

export interface FollowingOptions<Settings> {
  id: string
  /**
   * What the transport is made of: credentials that are kept elsewhere and change there. Compared as JSON.
   * @param again the cluster has just refused them
   */
  read(again: boolean): Promise<Settings>
  open(settings: Settings): Promise<Transport>
}

/**
 * A transport that is opened by the first request, and anew once its settings are others: so a rotated credential is
 * taken up by a function that is running. When the cluster answers 401 they are read again, and the request is sent once
 * more if that made a difference: the cluster has done nothing with it.
 * Every failure to read or to open is one of this cluster, and hinders no other.
 */
export function followingTransport<Settings>({ id, read, open }: FollowingOptions<Settings>): Transport {
  let held: { key: string; transport: Promise<Transport> } | undefined

  async function current(again: boolean): Promise<Transport> {
    const settings = await read(again).catch((error: unknown) => {
      if (error instanceof ClusterError) throw error
      throw new CredentialsUnreadableError(id, (error as Error).message, { cause: error })
    })
    // Nothing is awaited from here until it is held, so that concurrent requests open one.
    const key = JSON.stringify(settings)
    if (held?.key === key) return held.transport
    const opening = { key, transport: open(settings) }
    closeHeld()
    held = opening
    try {
      return await opening.transport
    } catch (error) {
      if (held === opening) held = undefined
      throw error
    }
  }

  function closeHeld(): void {
    held?.transport.then(
      (transport) => transport.close(),
      () => {},
    )
    held = undefined
  }

  async function asked<R extends { status: number }>(
    send: (transport: Transport) => Promise<R>,
    drop: (reply: R) => void,
  ): Promise<R> {
    const transport = await current(false)
    const reply = await send(transport)
    if (reply.status !== 401) return reply
    const newer = await current(true)
    if (newer === transport) return reply
    drop(reply)
    return send(newer)
  }

  return {
    id,
    request: (...call) =>
      asked(
        (transport) => transport.request(...call),
        () => {},
      ),
    stream: (...call) =>
      asked(
        (transport) => transport.stream(...call),
        ({ body }) => body.destroy(),
      ),
    close: closeHeld,
  }
}
