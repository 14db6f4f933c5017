import { UnreachableError } from './errors.ts'
import type { Cluster } from './port.ts'

/** Requests on end without an answer, after which a cluster is given up: one may be bad luck. */
const PATIENCE = 4

/**
 * The same cluster for one long piece of work: once it does not answer, the rest is refused at once, so that what is
 * asked of others does not wait for a time-out each time.
 */
export function withPatience(cluster: Cluster): Cluster {
  let silences = 0

  function expectAnswers(): void {
    if (silences >= PATIENCE) throw new UnreachableError(cluster.id, `given up: ${silences} requests had no answer`)
  }

  function heed(error: unknown): never {
    silences = error instanceof UnreachableError ? silences + 1 : 0
    throw error
  }

  async function answered<T>(ask: () => Promise<T>): Promise<T> {
    expectAnswers()
    const answer = await ask().catch(heed)
    silences = 0
    return answer
  }

  return {
    id: cluster.id,
    get: (...args) => answered(() => cluster.get(...args)),
    apply: (...args) => answered(() => cluster.apply(...args)),
    delete: (...args) => answered(() => cluster.delete(...args)),
    async *list(...args) {
      const pages = cluster.list(...args)[Symbol.asyncIterator]()
      try {
        for (;;) {
          const { done, value } = await answered(() => pages.next())
          if (done) return
          yield value
        }
      } finally {
        await pages.return?.()
      }
    },
  }
}
