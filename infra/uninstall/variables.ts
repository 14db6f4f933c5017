import { ACCESS_PER_CLUSTER } from '../../lib/config/access.ts'
import { clusterPrefix, type Env, Reader } from '../../lib/config/reader.ts'
import type { StageSettings } from '../stack/settings.ts'

/** Variables of a stage, and of the environment over them: a cluster whose access it tells is reached by that alone. */
export function variablesOf({ region, environment }: Pick<StageSettings, 'region' | 'environment'>, env: Env): Env {
  const access = new Reader({ ...environment, ...env })
    .words('CLUSTERS')
    .map((id) => ACCESS_PER_CLUSTER.map((name) => clusterPrefix(id) + name))
  const replaced = access.filter((names) => names.some((name) => env[name])).flat()
  const kept = Object.entries(environment).filter(([name]) => !replaced.includes(name))
  // The stage's secrets are where its functions are.
  return { ...Object.fromEntries(kept), ...env, AWS_REGION: region }
}
