/** What is made on this machine once: in a cache folder, with its progress on stderr. */
import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { withLock } from './lock.ts'
import { startProgress } from './progress.ts'

/** The folder of caches: HELIOGRAPH_CACHE, else `heliograph` in the user's cache folder. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env.HELIOGRAPH_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'heliograph')

export interface Making {
  /** What is made, for the progress, e.g. `control plane (built once)`. */
  label: string
  /** What another process does that was first, e.g. `building it`. */
  doing: string
  /** A path beside which the lock file is. */
  folder: string
  /** A path that is there if, and only if, all is made. */
  complete: string
  /** Called while no other process makes it; what it throws is thrown. */
  make: (show: (state: string) => void) => Promise<void>
}

/** Sees to it that the path `complete` is there. */
export const makeOnce = async ({ label, doing, folder, complete, make }: Making): Promise<void> => {
  if (await exists(complete)) return
  const progress = startProgress(label)
  const waiting = (pid: number) => progress.show(`another process (pid ${pid}) is ${doing}`)
  await withLock(`${folder}.lock`, waiting, async () => {
    if (!(await exists(complete))) await make(progress.show)
  }).catch((error) => {
    progress.done('failed')
    throw error
  })
  progress.done('ready')
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
