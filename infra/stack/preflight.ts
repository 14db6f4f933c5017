import { clusterPrefix, type Env, Reader } from '../../lib/config/reader.ts'
import { ConfigError, knownVariables, parseConfig, parseWebhookSettings } from '../../lib/config.ts'
import { clustersIn, environmentFor, purposeOf } from './environment.ts'
import { functionsOf } from './functions.ts'
import type { StageSettings } from './settings.ts'

/** What Lambda takes of a function's environment, bytes of names and values together. */
const MAX_ENVIRONMENT = 4096

/** Names under which there is nothing to set: the stack, Lambda or the local run does. */
const TAKEN = /^(EVENT_BUS_NAME|HEARTBEAT_QUEUE_URL|AWS_.*|LAMBDA_.*|_.*)$/

/** Node's own variables. */
const OF_NODE = /^NODE_/

/**
 * What is wrong with the settings of a stage, before anything is deployed: what a function would find at its cold start,
 * and what AWS would refuse.
 * @param stage its name, which is part of the functions'
 * @returns one line for each, with the field and the remedy
 */
export function problemsOf(settings: StageSettings, stage: string): string[] {
  const { environment } = settings
  const variables = [
    ...problemsIn(() => parseConfig(environment)),
    ...problemsIn(() => parseWebhookSettings(environmentFor(['callers'], environment, 'webhook'))),
    ...unknownVariables(environment),
    ...Object.keys(environment).flatMap((variable) => misplaced(variable, environment)),
    ...oversized(settings),
    ...otherKubelet(settings),
  ]
  return [
    // What every function would find is found more than once.
    ...new Set(variables.map((problem) => `environment.${problem}`)),
    ...notOfEks('auditLogs', settings),
    ...notOfEks('accessEntries', settings),
    ...elsewhere(settings),
    ...unknownNames(settings),
    ...tooLong(settings, stage),
  ]
}

function problemsIn(parse: () => unknown): readonly string[] {
  try {
    parse()
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

/** Nothing but the functions reads what stands in a stage, so that every name has to be one of theirs. */
function unknownVariables(environment: Env): readonly string[] {
  const ours = Object.entries(environment).filter(([name]) => !TAKEN.test(name) && !OF_NODE.test(name))
  const reader = new Reader(Object.fromEntries(ours))
  reader.refuseUnknown(knownVariables(clustersIn(environment)), [''])
  return reader.problems
}

function misplaced(variable: string, environment: Env): string[] {
  if (TAKEN.test(variable)) return [`${variable}: is set on AWS by itself; remove it`]
  if (variable.endsWith('_IN_CLUSTER')) return [`${variable}: functions on AWS run in no cluster; name its access`]
  const words = new Reader(environment).words(variable)
  const isKept = words.every((word) => /^(secretsmanager|ssm):/.test(word))
  if (isKept || !isSecret(variable, environment)) return []
  return [
    `${variable}: a secret does not stand here; keep it in Secrets Manager or SSM and tell where, e.g. secretsmanager:heliograph/rome#token`,
  ]
}

/** Certificates of authorities are none. */
function isSecret(variable: string, environment: Env): boolean {
  return /_(KUBECONFIG|TOKEN)$/.test(variable) && purposeOf(variable, clustersIn(environment)) !== undefined
}

function oversized(settings: StageSettings): string[] {
  const sizes = Object.entries(functionsOf(settings)).map(([name, { lambda }]) => {
    const texts = Object.entries(lambda.environment ?? {}).flat()
    const bytes = texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0), 0)
    return { name, bytes }
  })
  const { name, bytes } = sizes.toSorted((a, b) => b.bytes - a.bytes)[0]!
  if (bytes <= MAX_ENVIRONMENT) return []
  return [
    `CLUSTERS: with all that stands here function ${name} would get ${bytes} bytes, and Lambda takes ${MAX_ENVIRONMENT}; keep long values in Secrets Manager or SSM, or split the stage`,
  ]
}

function otherKubelet({ kubelet, environment }: StageSettings): string[] {
  const { OFFLOADING_KUBELET: address } = environment
  const isSame = !kubelet || !address || address === `${kubelet.domainName}:443`
  return isSame ? [] : [`OFFLOADING_KUBELET: ${address} is not where kubelet.domainName is served; remove it`]
}

/** What is done in EKS needs the cluster's name there, and reaches no other region. */
function notOfEks(
  field: 'auditLogs' | 'accessEntries',
  { environment, region, [field]: ids }: StageSettings,
): string[] {
  const known = clustersIn(environment)
  return ids.flatMap((id, index) => {
    const prefix = clusterPrefix(id)
    const { [`${prefix}EKS_NAME`]: name, [`${prefix}EKS_REGION`]: place = region } = environment
    if (!known.includes(id)) return [`${field}.${index}: CLUSTERS has no "${id}"; use one of ${known.join(', ')}`]
    if (!name) return [`${field}.${index}: "${id}" is not known as a cluster of EKS; set environment.${prefix}EKS_NAME`]
    return place === region
      ? []
      : [`${field}.${index}: "${id}" is in ${place}, and the stack in ${region}; remove it here`]
  })
}

/** Alarms and API Gateway reach what is in their own region only. */
function elsewhere({ region, alarmTopicArn, kubelet }: StageSettings): string[] {
  const arns = { alarmTopicArn, 'kubelet.certificateArn': kubelet?.certificateArn }
  return Object.entries(arns).flatMap(([field, arn]) => {
    const place = arn?.split(':')[3]
    return place === undefined || place === region ? [] : [`${field}: is in ${place}, and has to be in ${region}`]
  })
}

/** What is set for single functions and peerings has to be for those that there are. */
function unknownNames(settings: StageSettings): string[] {
  const functions = Object.keys(functionsOf(settings))
  const { peerings, functions: reserved } = settings.reservedConcurrency
  const unknown = (field: string, given: object, known: readonly string[]) =>
    Object.keys(given).flatMap((name) =>
      known.includes(name) ? [] : [`${field}.${name}: there is no such one; use one of ${known.join(', ')}`],
    )
  return [
    ...unknown('memorySize', settings.memorySize, functions),
    ...unknown('reservedConcurrency.functions', reserved, functions),
    ...unknown('reservedConcurrency.peerings', peerings, new Reader(settings.environment).words('PEERINGS')),
  ]
}

/** Characters of the name of a function. */
const MAX_NAME = 64

function tooLong(settings: StageSettings, stage: string): string[] {
  const names = Object.keys(functionsOf(settings)).map((name) => `heliograph-${stage}-${name}`)
  const longest = names.toSorted((a, b) => b.length - a.length)[0]!
  if (longest.length <= MAX_NAME) return []
  return [
    `--stage: a function would be named ${longest}, and Lambda takes ${MAX_NAME} characters; use a shorter stage or shorter ClusterIDs`,
  ]
}
