/**
 * The guard of a set of child processes: a shell that reads their pids from a pipe and, when the pipe ends because this
 * process has gone (crashed, killed, or simply finished), kills them. It works for any binary, also for a stopped one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** Each line holds all the pids to kill from then on; an empty line holds none. */
const script = `pids=; while read -r line; do pids=$line; done; [ -z "$pids" ] || kill -KILL $pids 2>/dev/null`

export interface Guard {
  /** Undefined once closed. */
  pid(): number | undefined
  /** Puts a process under guard. */
  add(pid: number): void
  /** Takes an ended process out, since its pid may be another's soon. */
  remove(pid: number): void
  /** Ends the guard itself, killing nothing. */
  close(): Promise<void>
}

/** @throws when no POSIX shell can be started. */
export const startGuard = async (): Promise<Guard> => {
  // Detached: a Ctrl-C goes to the whole process group of a terminal, and would end the guard with its parent.
  const shell = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  await new Promise((resolve, reject) => shell.once('spawn', resolve).once('error', reject))
  shell.unref()
  ;(shell.stdin as Socket).unref()
  // A guard that someone killed must not take this process along by an EPIPE.
  shell.stdin.on('error', () => {})

  const pids = new Set<number>()
  const tell = () => shell.stdin.writableEnded || shell.stdin.write(`${[...pids].join(' ')}\n`)
  return {
    pid: () => (shell.stdin.writableEnded ? undefined : shell.pid),
    add: (pid) => {
      pids.add(pid)
      tell()
    },
    remove: (pid) => {
      pids.delete(pid)
      tell()
    },
    close: async () => {
      const over = ended(shell)
      shell.stdin.end('\n')
      await over
    },
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.ref()
    child.once('exit', () => resolve())
  })
