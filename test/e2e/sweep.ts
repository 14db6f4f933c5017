import type { Stage } from '../../infra/local/stage.ts'
import type { TestStage } from './stage.ts'

/**
 * The functions sweep.
 * @returns what the sweep says: how many objects came to which end
 * @throws Error when the function fails
 */
export async function sweep({ host }: Pick<Stage, 'host'>): Promise<Record<string, number>> {
  const { payload, functionError } = await host.invoke('sweep', {})
  if (functionError) throw new Error(`sweep: ${payload}`)
  return JSON.parse(payload) as Record<string, number>
}

/** The functions are deployed anew with these settings, and sweep. */
export async function redeploy(stage: TestStage, env: Record<string, string>): Promise<Record<string, number>> {
  await stage.redeploy(env)
  return sweep(stage)
}
