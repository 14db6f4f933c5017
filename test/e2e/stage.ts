import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Stage, type StageOptions, startStage } from '../../infra/local/stage.ts'

/** A stage in a folder of its own that ends with the test file, and the lines its functions wrote. */
export interface TestStage extends Stage {
  lines: string[]
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
  const stop = async () => {
    await stage.stop()
    await rm(dir, { recursive: true, force: true })
  }
  return { ...stage, lines, stop }
}
