import type { Secrets } from './aws/secrets.ts'
import { type AwsSettings, keysOf } from './aws/settings.ts'
import type { CredentialSource } from './cluster/credentials.ts'
import { optional } from './config/reader.ts'
import type { Access } from './config.ts'

export interface SourceOptions {
  secrets: Secrets
  aws: AwsSettings
  /** The cluster has just refused what was read. */
  again: boolean
}

/**
 * What a cluster is reached with, its references read.
 * @throws SecretError
 */
export async function sourceOf(access: Access, { secrets, aws, again }: SourceOptions): Promise<CredentialSource> {
  if ('inCluster' in access) return access
  if ('kubeconfig' in access) return { ...access, kubeconfig: await secrets.read(access.kubeconfig, { again }) }
  const { server } = access
  const ca = optional('ca', access.ca === undefined ? undefined : await secrets.read(access.ca, { again }))
  if ('token' in access) return { server, ...ca, token: await secrets.read(access.token, { again }) }
  const { eks } = access
  return {
    server,
    ...ca,
    token: async () => {
      const { eksToken } = await import('./aws/eks-token.ts')
      return eksToken(eks, keysOf(aws, `tokens for ${eks.name} are signed`), Date.now())
    },
  }
}
