import { certificateOf } from '../../cluster/credentials.ts'
import { type Config, ConfigError, config } from '../../config.ts'
import { streamHandler } from '../../handler/stream.ts'
import { logger } from '../../log.ts'
import { type ConnectedPeering, connectPeerings } from '../../peerings.ts'
import { callers, type Home } from './caller.ts'
import { kubelet } from './function.ts'

/**
 * The function of virtual nodes' kubelet API. The environment is read, and refused, at cold start.
 * @throws ConfigError, CredentialsError, KubeletClientCaError
 */
export function kubeletApi() {
  const settings = config()
  const log = logger(settings.logLevel).with({ function: 'kubelet' })
  const contexts = Object.fromEntries(settings.clusters.map(({ id, access }) => [id, contextOf(access) ?? id]))
  let connected: Promise<ConnectedPeering[]> | undefined
  const peerings = () => {
    // A failure is not kept: the next call tries again.
    connected ??= connectPeerings(settings, 'kubelet').catch((error) => {
      connected = undefined
      throw error
    })
    return connected
  }
  return streamHandler(log, kubelet({ log, identify: callers(homesOf(settings)), peerings, contexts }))
}

function homesOf({ clusters }: Config): Home[] {
  const homes = clusters.flatMap(({ id, kubeletClientCa: ca }) =>
    ca === undefined ? [] : [{ id, ca: String(certificateOf(id, ca)) }],
  )
  if (homes.length > 0) return homes
  const why = 'missing; give the CA of the certificate that the API server of a home cluster shows to kubelets'
  throw new ConfigError([`CLUSTER_<ID>_KUBELET_CLIENT_CA: ${why}`])
}

function contextOf(access: Config['clusters'][number]['access']): string | undefined {
  return 'context' in access ? access.context : undefined
}
