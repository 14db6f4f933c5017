import { ConfigError, parseConfig } from '../../lib/config.ts'

/** The least that the functions are told of two clusters. */
export const LEAST = {
  CLUSTERS: 'rome,milan',
  PEERINGS: 'rome:milan',
  CLUSTER_ROME_KUBECONFIG: '/kube/rome',
  CLUSTER_MILAN_KUBECONFIG: '/kube/milan',
}

/** What is wrong with an environment, as parseConfig says it; nothing, when all is right. */
export function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    parseConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
