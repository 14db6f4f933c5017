import { spawn } from 'node:child_process'

/** What a command said until it ended. */
export interface Ended {
  /** null when a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
  /** Both, as they came. */
  output: string
}

/**
 * Runs a command to its end, whatever its code, with nothing to read from stdin.
 * @param options folder and environment; those of this process unless told
 * @throws Error when it cannot be started
 */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { stdout: '', stderr: '', output: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text
        said.output += text
      })
    }
    child.on('error', fail)
    child.on('close', (code) => done({ code, ...said }))
  })
}
