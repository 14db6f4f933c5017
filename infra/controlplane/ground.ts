/** What all processes of one cluster stand on: its folder, the programs, the guard; and how they start from there. */
import { join } from 'node:path'
import type { Program } from './assets.ts'
import { type Component, ComponentError, startComponent, until } from './component.ts'
import type { Guard } from './guard.ts'
import { freePort } from './ports.ts'

export interface Ground {
  /** The cluster's folder; the working directory of its processes. */
  dir: string
  /** Folder of the programs. */
  programs: string
  guard: Guard
  /** Longest wait for one component (ms). */
  timeoutMs: number
}

export interface Start {
  program: Program
  args: readonly string[]
  /** What is waited for; see `until`. */
  what: string
  check: () => Promise<boolean>
}

/** How long a component may take to end by itself (ms). An API server waits for the watches of others: it never ends. */
const graceMs = (component: Component): number => (component.name === 'kube-apiserver' ? 2000 : 10_000)

/** Starts a program and waits until its check holds; a failed one is stopped. @throws ComponentError */
export const start = async (ground: Ground, { program, args, what, check }: Start): Promise<Component> => {
  const { dir, programs, guard, timeoutMs } = ground
  const log = join(dir, 'logs', `${program}.log`)
  const component = await startComponent({
    name: program,
    command: join(programs, program),
    args,
    cwd: dir,
    log,
    guard,
  })
  try {
    await until({ component, what, timeoutMs, check })
    return component
  } catch (error) {
    await component.stop(graceMs(component))
    throw error
  }
}

/** Starts what must be told its port, on a free one; on another where that was taken meanwhile. */
export const startOnFreePort = async <T>(startOn: (port: number) => Promise<T>): Promise<T> => {
  for (let left = 5; ; left--) {
    try {
      return await startOn(await freePort())
    } catch (error) {
      const taken = error instanceof ComponentError && error.message.includes('address already in use')
      if (!taken || left === 0) throw error
    }
  }
}

/** Stops in the order given, each after the one before; the last to start comes first. */
export const stopAll = async (components: readonly Component[]): Promise<void> => {
  for (const component of components) await component.stop(graceMs(component))
}
