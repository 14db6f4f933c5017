import { createSecrets, type Secrets } from '../../aws/secrets.ts'
import { certificateOf } from '../../cluster/credentials.ts'
import { type Config, ConfigError, config } from '../../config.ts'
import { streamHandler } from '../../handler/stream.ts'
import { logger } from '../../log.ts'
import { connectPeerings } from '../../peerings.ts'
import { callers, type Home } from './caller.ts'
import { type KubeletDeps, kubelet } from './function.ts'

/**
 * The function of virtual nodes' kubelet API. The environment is read, and refused, at cold start.
 * @throws ConfigError, CredentialsError, KubeletClientCaError
 */
export function kubeletApi() {
  const settings = config([])
  const log = logger(settings.logLevel).with({ function: 'kubelet' })
  const contexts = Object.fromEntries(settings.clusters.map(({ id, access }) => [id, contextOf(access) ?? id]))
  const secrets = createSecrets(settings.secrets)
  const peerings = connectPeerings(settings, 'kubelet', secrets)
  return streamHandler(log, kubelet({ log, identify: identifier(settings, secrets), peerings, contexts }))
}

/** Authorities that are kept elsewhere are read when somebody calls; one that cannot be read hinders no other. */
function identifier({ clusters }: Config, secrets: Secrets): KubeletDeps['identify'] {
  const homes = clusters.flatMap(({ id, kubeletClientCa: ca }) => (ca === undefined ? [] : [{ id, ca }]))
  if (homes.length === 0) {
    const why = 'missing; give the CA of the certificate that the API server of a home cluster shows to kubelets'
    throw new ConfigError([`CLUSTER_<ID>_KUBELET_CLIENT_CA: ${why}`])
  }
  // Refuses at the start what the environment itself holds.
  callers(homes.flatMap(({ id, ca }) => (typeof ca === 'string' ? [toHome(id, ca)] : [])))
  return async (pem, now) => {
    const reads = await Promise.allSettled(homes.map(async ({ id, ca }) => toHome(id, await secrets.read(ca))))
    try {
      return callers(reads.flatMap((read) => (read.status === 'fulfilled' ? [read.value] : [])))(pem, now)
    } catch (error) {
      throw reads.find((read) => read.status === 'rejected')?.reason ?? error
    }
  }
}

function toHome(id: string, ca: string): Home {
  return { id, ca: String(certificateOf(id, ca)) }
}

function contextOf(access: Config['clusters'][number]['access']): string | undefined {
  return 'context' in access ? access.context : undefined
}
