import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Stage, type StageOptions, startStage } from '../../infra/local/stage.ts'

/** A stage in a folder of its own that ends with the test file, and the lines its functions wrote. */
export interface TestStage extends Stage {
  lines: string[]
  /** Ends the functions, and starts them anew with these settings over those that they have; as they are, if so already. */
  redeploy(env: Record<string, string>): Promise<void>
}

/** Retries come fast here: a test waits for what they bring about, not for AWS's minute. */
const BACKOFFS = { function: 200, handover: 200 }

export async function testStage(options: Partial<StageOptions> = {}): Promise<TestStage> {
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-e2e-'))
  const lines: string[] = []
  const stage = await startStage({
    dir,
    speed: 0,
    backoffs: BACKOFFS,
    onLine: (name, line) => lines.push(`${name} ${line}`),
    ...options,
  })
  const stageStop = stage.stop
  const stop = async () => {
    await stageStop()
    await rm(dir, { recursive: true, force: true })
  }
  const redeploy = async (env: Record<string, string>) => {
    if (Object.entries(env).every(([name, value]) => stage.env[name] === value)) return
    await stage.functionsDown()
    Object.assign(stage.env, env)
    await stage.functionsUp()
  }
  // The stage's host changes with its functions, so the stage itself is handed on, not a copy.
  return Object.assign(Object.create(stage) as Stage, { lines, redeploy, stop })
}
