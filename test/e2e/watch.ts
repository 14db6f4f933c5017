import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createInterface } from 'node:readline'
import { type Access, call } from '../../infra/controlplane/request.ts'
import type { Found } from '../../infra/local/kubectl.ts'

/** An object as one of its versions has it. */
export interface Version extends Found {
  metadata: Found['metadata'] & { uid: string; namespace: string; resourceVersion: string }
}

/** One kind in one cluster, followed without a gap. */
export interface Watch<T extends Version> {
  /** What there is now, as far as the watch has come. @throws when it has missed something */
  now(): T[]
  /**
   * Every version that was stored since the watch began, in the order of the API server, and before them those that were
   * there. @throws when it has missed some
   */
  versions(): readonly T[]
  close(): void
}

type Change<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; object: T }
  | { type: 'ERROR'; object: { message?: string } }

/**
 * Lists, then watches from that list's version on; a watch that the API server ends goes on where it was.
 * @param path of the collection in all namespaces, e.g. `/api/v1/pods`
 */
export async function watch<T extends Version>(access: Access, path: string): Promise<Watch<T>> {
  const { status, body } = await call(access, path)
  if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.message}`)
  const versions: T[] = [...body.items]
  const current = new Map<string, T>(versions.map((object) => [object.metadata.uid, object]))
  const closing = new AbortController()
  let from: string = body.metadata.resourceVersion
  let broken: Error | undefined

  function take(change: Change<T>): void {
    if (change.type === 'ERROR') throw new Error(`watch of ${path} broke off: ${change.object.message}`)
    const { type, object } = change
    from = object.metadata.resourceVersion
    if (type === 'BOOKMARK') return
    versions.push(object)
    if (type === 'DELETED') current.delete(object.metadata.uid)
    else current.set(object.metadata.uid, object)
  }

  async function follow(): Promise<void> {
    while (!closing.signal.aborted) {
      const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${from}`
      const answer = await open(access, `${path}?${query}`, closing.signal)
      for await (const line of createInterface({ input: answer })) take(JSON.parse(line) as Change<T>)
    }
  }

  follow().catch((error: Error) => {
    if (!closing.signal.aborted) broken = error
  })
  const whole = <V>(value: V): V => {
    if (broken) throw broken
    return value
  }
  return {
    now: () => whole([...current.values()]),
    versions: () => whole(versions),
    close: () => closing.abort(),
  }
}

/** The answer as it comes. @throws unless it is 200 */
function open(access: Access, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { server, caPem: ca, certPem: cert, keyPem: key } = access
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server), { ca, cert, key, signal, agent: false }, (answer) => {
      if (answer.statusCode === 200) return resolve(answer)
      reject(new Error(`GET ${path}: ${answer.statusCode}`))
      answer.resume()
    })
    sent.on('error', reject)
    sent.end()
  })
}
