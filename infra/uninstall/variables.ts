import { ACCESS_PER_CLUSTER } from '../../lib/config/access.ts'
import { clusterPrefix, type Env, Reader } from '../../lib/config/reader.ts'

/** Variables of a stage, and of the environment over them: a cluster whose access it tells is reached by that alone. */
export function variablesOf(stage: Env, env: Env): Env {
  const access = new Reader({ ...stage, ...env })
    .words('CLUSTERS')
    .map((id) => ACCESS_PER_CLUSTER.map((name) => clusterPrefix(id) + name))
  const replaced = access.filter((names) => names.some((name) => env[name])).flat()
  const kept = Object.entries(stage).filter(([name]) => !replaced.includes(name))
  return { ...Object.fromEntries(kept), ...env }
}
