/** A lock between processes: a file that holds the pid of its owner. */
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const pollMs = 200

/**
 * Runs `work` while holding the lock file; `waiting` is called on every look while another process holds it.
 * The lock of a process that is no more is taken over.
 */
export const withLock = async <T>(file: string, waiting: (pid: number) => void, work: () => Promise<T>): Promise<T> => {
  await mkdir(dirname(file), { recursive: true })
  while (!(await take(file))) {
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    // Without a pid the owner is between creating the file and writing it, or has just removed it.
    if (pid > 0 && !isAlive(pid)) await release(file, pid)
    else if (pid > 0) waiting(pid)
    await sleep(pollMs)
  }
  try {
    return await work()
  } finally {
    await rm(file, { force: true })
  }
}

/** Removes the lock of an ended process, unless a third process has done so and holds a lock of its own by now. */
const release = async (file: string, pid: number): Promise<void> => {
  const turn = `${file}.release`
  try {
    await mkdir(turn)
  } catch {
    return
  }
  const owner = await readFile(file, 'utf8').catch(() => '')
  if (owner === String(pid)) await rm(file, { force: true })
  await rmdir(turn)
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
