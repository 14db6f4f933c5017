import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type RuntimeApi, startRuntimeApi } from './api.ts'
import { sandboxEnv } from './env.ts'
import type { FunctionConfig } from './function.ts'
import { eachLine } from './lines.ts'
import { watchMemory } from './memory.ts'
import { type FunctionError, MAX_RESPONSE, platformError } from './outcome.ts'
import { type OnStream, whenUnwanted } from './stream.ts'

const SHIM = join(import.meta.dirname, 'shim.cjs')

/** Why a sandbox did not come up: the function's own init error, a crash, or too slow. */
export class InitError extends Error {
  readonly payload: (requestId: string) => FunctionError
  constructor(name: string, payload: (requestId: string) => FunctionError) {
    super(`${name}: ${payload('-').errorMessage}`)
    this.payload = payload
  }
}

export interface SandboxHooks {
  /** A line the function wrote to stdout or stderr. */
  onLine(line: string): void
  /** Ready for an invocation. */
  onIdle(): void
  /** The process has ended; nothing more comes from it. */
  onExit(): void
}

/** What came of one invocation: JSON text, and whether it is an error. */
export interface Outcome {
  payload: string
  failed: boolean
}

/** One process that runs the function for one invocation at a time. */
export interface Sandbox {
  /** Of the process; 0 when it could not be started. */
  pid: number
  /**
   * Resolves when the function's module is loaded.
   * @throws InitError
   */
  ready: Promise<void>
  /** Call only while idle. Never rejects: a crash and a timeout are outcomes. */
  invoke(requestId: string, payload: string, onStream?: OnStream): Promise<Outcome>
  /** Kills the process; resolves when it is gone. */
  stop(): Promise<void>
}

interface Running {
  requestId: string
  settle(outcome: Outcome): void
  timer: NodeJS.Timeout
  onStream?: OnStream | undefined
}

/**
 * Starts a process that loads the function with the genuine runtime client.
 * @param ric path of aws-lambda-ric's entry
 */
export async function openSandbox(fn: FunctionConfig, ric: string, hooks: SandboxHooks): Promise<Sandbox> {
  let running: Running | undefined
  const finish = (outcome: Outcome, requestId = running?.requestId) => {
    if (!running || running.requestId !== requestId) return
    clearTimeout(running.timer)
    const { settle } = running
    running = undefined
    settle(outcome)
  }
  const init = Promise.withResolvers<void>()
  const api = await startRuntimeApi({
    onNext: () => {
      init.resolve()
      hooks.onIdle()
    },
    onResponse: (id, body) => finish(limited(body), id),
    onError: (id, body) => finish({ payload: body, failed: true }, id),
    onStream(id, streamed) {
      if (!running?.onStream || running.requestId !== id) return false
      // Nothing tells a function that its reader has gone: its process is ended, and with it all that it reads from.
      whenUnwanted(streamed, () => {
        finish({ payload: '', failed: false }, id)
        child.kill('SIGKILL')
      })
      running.onStream(streamed)
      return true
    },
    onInitError: (body) => init.reject(new InitError(fn.name, () => JSON.parse(body))),
  })
  const child = spawn(process.execPath, [`--max-old-space-size=${heap(fn.memory)}`, '-r', SHIM, ric], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: fn.dir,
    env: sandboxEnv(fn, api.address),
  })
  eachLine(child.stdout, hooks.onLine)
  eachLine(child.stderr, hooks.onLine)
  const gone = ended(child).then((reason) => {
    api.close()
    init.reject(new InitError(fn.name, (id) => platformError.exit(id, reason)))
    if (running) finish(failure(platformError.exit(running.requestId, reason)))
    hooks.onExit()
  })
  const slow = setTimeout(() => {
    init.reject(new InitError(fn.name, (id) => platformError.timeout(id, fn.initTimeout)))
    child.kill('SIGKILL')
  }, fn.initTimeout)
  return {
    pid: child.pid ?? 0,
    ready: init.promise.finally(() => clearTimeout(slow)),
    invoke(requestId, payload, onStream) {
      const { promise, resolve: settle } = Promise.withResolvers<Outcome>()
      const timer = setTimeout(() => {
        finish(failure(platformError.timeout(requestId, fn.timeout)), requestId)
        child.kill('SIGKILL')
      }, fn.timeout)
      const unwatch = watchMemory(child.pid ?? 0, fn.memory, () => child.kill('SIGKILL'))
      running = { requestId, settle, timer, onStream }
      give(api, fn, requestId, payload)
      return promise.finally(unwatch)
    },
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** How the process ended, in Lambda's words. Output still in the pipes is read first. */
const ended = (child: ChildProcess) =>
  new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`Runtime could not be started: ${error.message}`))
    child.once('close', (code, signal) => resolve(exitReason(code, signal)))
  })

function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (code === 0) return 'Runtime exited without providing a reason'
  return `Runtime exited with error: ${signal ? `signal: ${SIGNALS[signal] ?? signal}` : `exit status ${code}`}`
}

/** In Lambda's words. SIGABRT is how V8 ends when its heap is full. */
const SIGNALS: Partial<Record<NodeJS.Signals, string>> = { SIGKILL: 'killed', SIGABRT: 'aborted' }

function give(api: RuntimeApi, fn: FunctionConfig, requestId: string, payload: string): void {
  api.give(
    {
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(Date.now() + fn.timeout),
      'lambda-runtime-invoked-function-arn': fn.arn,
    },
    payload,
  )
}

/** Heap in MB: Lambda leaves a tenth of the memory to everything else. */
const heap = (memory: number) => Math.floor(memory * 0.9)

const failure = (error: FunctionError): Outcome => ({ payload: JSON.stringify(error), failed: true })

function limited(body: string): Outcome {
  const bytes = Buffer.byteLength(body)
  return bytes > MAX_RESPONSE ? failure(platformError.tooLarge(bytes)) : { payload: body, failed: false }
}
