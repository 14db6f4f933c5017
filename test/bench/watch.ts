import { request } from 'node:https'
import type { Access } from '../../infra/controlplane/request.ts'

/** One change that an API server told of, with the time it arrived (ms of performance.now). */
export interface Seen {
  type: string
  name: string
  resourceVersion: string
  at: number
}

export interface Watch extends Disposable {
  /** Resolves with the first change, from now on or before, for which `test` holds. */
  until(test: (seen: Seen) => boolean): Promise<Seen>
  /** All so far. */
  readonly all: Seen[]
}

/** Watches a collection, as a client of its own that no other part of the measurement shares. */
export async function watch(access: Access, path: string): Promise<Watch> {
  const all: Seen[] = []
  const waiting = new Set<(seen: Seen) => void>()
  const { server, caPem: ca, certPem: cert, keyPem: key } = access
  const call = request(`${server}${path}?watch=true&allowWatchBookmarks=false`, { ca, cert, key })
  call.end()
  const response = await new Promise<NodeJS.ReadableStream>((done, fail) => call.on('response', done).on('error', fail))
  call.on('error', () => {})
  let rest = ''
  response.setEncoding('utf8')
  response.on('error', () => {})
  response.on('data', (chunk: string) => {
    const at = performance.now()
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const { type, object } = JSON.parse(line)
      const seen = { type, name: object.metadata.name, resourceVersion: object.metadata.resourceVersion, at }
      all.push(seen)
      for (const tell of waiting) tell(seen)
    }
  })
  return {
    all,
    until: (test) => {
      const past = all.find(test)
      if (past) return Promise.resolve(past)
      return new Promise((done) => {
        const tell = (seen: Seen) => {
          if (!test(seen)) return
          waiting.delete(tell)
          done(seen)
        }
        waiting.add(tell)
      })
    },
    [Symbol.dispose]: () => call.destroy(),
  }
}
