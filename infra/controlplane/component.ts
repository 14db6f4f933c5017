/** One process of a control plane: started with its log in a file, watched, stopped. */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Guard } from './guard.ts'

export interface ComponentSpec {
  /** As in `kube-apiserver`. */
  name: string
  command: string
  args: readonly string[]
  cwd: string
  /** Log file; stdout and stderr are appended to it. */
  log: string
  guard: Guard
}

export interface Component {
  name: string
  pid: number
  log: string
  /** False from the moment its end is known. */
  running(): boolean
  signal(signal: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after `graceMs`; returns when it has ended. Safe to call again. */
  stop(graceMs: number): Promise<void>
}

/** A component ended or did not become ready; the message shows the last lines of its log. */
export class ComponentError extends Error {
  override name = 'ComponentError'
}

/** @throws ComponentError when the program cannot be executed. */
export const startComponent = async (spec: ComponentSpec): Promise<Component> => {
  mkdirSync(dirname(spec.log), { recursive: true })
  const log = openSync(spec.log, 'a')
  // Detached from the terminal's process group, so that a Ctrl-C leaves the order of stopping to us.
  const child = spawn(spec.command, spec.args, { cwd: spec.cwd, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) => reject(new ComponentError(`${spec.name}: cannot run ${spec.command}`, { cause })))
  })
  const pid = child.pid!
  spec.guard.add(pid)
  child.unref()
  let running = true
  const exited = new Promise<void>((resolve) =>
    child.once('exit', () => {
      running = false
      spec.guard.remove(pid)
      resolve()
    }),
  )
  return {
    name: spec.name,
    pid,
    log: spec.log,
    running: () => running,
    signal: (signal) => void child.kill(signal),
    stop: async (graceMs) => {
      if (!running) return
      child.ref()
      child.kill('SIGTERM')
      child.kill('SIGCONT')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
}

export interface Wait {
  component: Component
  /** What is waited for, as in `/readyz`. */
  what: string
  timeoutMs: number
  /** A failing check (no connection yet) counts as not yet; its error is shown when time is up. */
  check: () => Promise<boolean>
}

/** Asks every 50 ms until `check` holds. @throws ComponentError when the component ends first or time is up. */
export const until = async ({ component, what, timeoutMs, check }: Wait): Promise<void> => {
  const end = performance.now() + timeoutMs
  let cause: unknown
  for (;;) {
    if (!component.running()) throw await failure(component, `ended while waiting for ${what}`, cause)
    try {
      if (await check()) return
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > end)
      throw await failure(component, `${what} not reached within ${timeoutMs / 1000} s`, cause)
    await sleep(50)
  }
}

const failure = async (component: Component, why: string, cause: unknown): Promise<ComponentError> =>
  new ComponentError(`${component.name} ${why}; the end of ${component.log}:\n${await tail(component.log)}`, { cause })

/** The last `lines` of a log file, or a remark where there is none. */
export const tail = async (file: string, lines = 20): Promise<string> => {
  const text = await readFile(file, 'utf8').catch(() => '(no log)')
  return text.trimEnd().split('\n').slice(-lines).join('\n')
}
