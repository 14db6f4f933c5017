/** A lock between processes: a file that holds the pid of its owner. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `work` while holding the lock file; `waiting` is called about twice a second while another process holds it.
 * The lock of a process that is no more is taken over.
 */
export const withLock = async <T>(file: string, waiting: (pid: number) => void, work: () => Promise<T>): Promise<T> => {
  await mkdir(dirname(file), { recursive: true })
  while (!(await take(file))) {
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    // Without a pid the owner is between creating the file and writing it, or has just removed it.
    if (pid > 0 && !isAlive(pid)) await rm(file, { force: true })
    else {
      if (pid > 0) waiting(pid)
      await sleep(500)
    }
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

const take = async (file: string): Promise<boolean> => {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
