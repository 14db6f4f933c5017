import { clusterPrefix, type Env, Reader } from '../../lib/config/reader.ts'
import { readSecrets, type SecretReference } from '../../lib/config/secret.ts'
import { allow, type Intrinsic, type Statement, sub } from './cloudformation.ts'

/** What secrets are for: to reach the clusters, to know who calls, or to know the kubelet API's callers. */
export type Purpose = 'access' | 'callers' | 'kubelet'

/** Variables that hold secrets, or what is long; the others go to every function. */
const OF_CLUSTERS: Readonly<Record<string, Purpose>> = {
  KUBECONFIG: 'access',
  CA: 'access',
  TOKEN: 'access',
  WEBHOOK_TOKEN: 'callers',
  KUBELET_CLIENT_CA: 'kubelet',
}
const OF_ALL: Readonly<Record<string, Purpose>> = { HTTPS_PROXY: 'access' }

/** ClusterIDs of an environment. */
export const clustersIn = (environment: Env): string[] => new Reader(environment).words('CLUSTERS')

/** Whose variable it is, and its name without that: `{ id: 'rome', name: 'TOKEN' }`; undefined of those of no cluster. */
function ofCluster(variable: string, clusters: readonly string[]): { id: string; name: string } | undefined {
  const owners = clusters.filter((id) => variable.startsWith(clusterPrefix(id)))
  // The longest: rome may have a neighbour rome-east.
  const id = owners.toSorted((a, b) => b.length - a.length)[0]
  return id === undefined ? undefined : { id, name: variable.slice(clusterPrefix(id).length) }
}

/** What a variable is for; undefined of those that every function may have. */
export function purposeOf(variable: string, clusters: readonly string[]): Purpose | undefined {
  const own = ofCluster(variable, clusters)
  return own ? OF_CLUSTERS[own.name] : OF_ALL[variable]
}

/**
 * Of the environment what a function needs: nobody holds a secret that it does not use.
 * @param fn its name, for which `{function}` stands in references: each may have a secret of its own
 */
export function environmentFor(purposes: readonly Purpose[], environment: Env, fn: string): Record<string, string> {
  const clusters = clustersIn(environment)
  return Object.fromEntries(
    Object.entries(environment).flatMap(([variable, value]) => {
      const purpose = purposeOf(variable, clusters)
      const isNeeded = value !== undefined && (purpose === undefined || purposes.includes(purpose))
      return isNeeded ? [[variable, isReference(value) ? value.replaceAll('{function}', fn) : value]] : []
    }),
  )
}

const isReference = (value: string) => /^\s*(secretsmanager|ssm):/.test(value)

/** Of the environment what these peerings need, as if there were no others. @param peerings e.g. `rome:milan` */
export function environmentOf(peerings: readonly string[], environment: Env): Env {
  const all = clustersIn(environment)
  const clusters = all.filter((id) => peerings.some((peering) => peering.split(':').includes(id)))
  const kept = Object.entries(environment).filter(([variable]) => {
    const own = ofCluster(variable, all)
    return !own || clusters.includes(own.id)
  })
  return { ...Object.fromEntries(kept), CLUSTERS: clusters.join(','), PEERINGS: peerings.join(',') }
}

/** The secrets that an environment refers to. */
export function referencesIn(environment: Env): SecretReference[] {
  const reader = new Reader(environment)
  const secrets = Object.keys(environment).flatMap((variable) => readSecrets(reader, variable))
  return secrets.filter((secret) => typeof secret !== 'string')
}

const ACTIONS = { secretsmanager: 'secretsmanager:GetSecretValue', ssm: 'ssm:GetParameter' } as const

/** The right to read the secrets that an environment refers to, and no other. */
export function mayRead(references: readonly SecretReference[]): Statement[] {
  return Object.entries(Object.groupBy(references, ({ service }) => service)).map(([service, some]) => {
    const arns = new Set(some.flatMap(({ id }) => ARNS[service as keyof typeof ARNS](id)))
    return allow([ACTIONS[service as keyof typeof ACTIONS]], [...arns].map(toResource))
  })
}

const toResource = (arn: string): string | Intrinsic => (arn.includes('${') ? sub(arn) : arn)

const HERE = ['AWS::Region', 'AWS::AccountId'].map((name) => `\${${name}}`).join(':')

const ARNS: Readonly<Record<SecretReference['service'], (id: string) => string[]>> = {
  // The service hangs a hyphen and six characters on the name; an ARN may be given without them.
  secretsmanager: (id) =>
    id.startsWith('arn:')
      ? [id, `${id}-??????`]
      : [`arn:\${AWS::Partition}:secretsmanager:${HERE}:secret:${id}-??????`],
  // Without the version or label behind the name.
  ssm: (id) => {
    const [, arn] = /^(arn(?::[^:]*){4}:[^:]+)/.exec(id) ?? []
    const name = id.replace(/:.*/, '').replace(/^\//, '')
    return [arn ?? `arn:\${AWS::Partition}:ssm:${HERE}:parameter/${name}`]
  },
}
