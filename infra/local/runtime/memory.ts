import { readFileSync } from 'node:fs'

/** How often it is looked at, ms. */
const EVERY = 50

/**
 * Calls `then` once a process takes more memory than it has: all that is its own, as on Lambda, be it on the heap of
 * JavaScript or beside it. Files mapped into it do not count. Where there is no /proc nothing is watched.
 * @param limit MB
 * @returns what ends the watch
 */
export function watchMemory(pid: number, limit: number, then: () => void): () => void {
  const timer = setInterval(() => {
    if (ownMemory(pid) <= limit) return
    clearInterval(timer)
    then()
  }, EVERY)
  timer.unref()
  return () => clearInterval(timer)
}

/** MB; 0 of a process that is not there, and where nobody tells. */
export function ownMemory(pid: number): number {
  try {
    const [, kB = '0'] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
    return Number(kB) / 1024
  } catch {
    return 0
  }
}
