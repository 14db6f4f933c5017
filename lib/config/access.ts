import type { EksCluster } from '../aws/eks-token.ts'
import type { Access } from '../config.ts'
import { optional, type Reader } from './reader.ts'
import { readSecret } from './secret.ts'

export const ACCESS_PER_CLUSTER = [
  'KUBECONFIG',
  'CONTEXT',
  'SERVER',
  'CA',
  'TOKEN',
  'IN_CLUSTER',
  'EKS_NAME',
  'EKS_REGION',
]

const CHOICES = (prefix: string) =>
  `set one of ${prefix}KUBECONFIG (path or YAML), ${prefix}SERVER with ${prefix}CA and either ${prefix}TOKEN or ${prefix}EKS_NAME and ${prefix}EKS_REGION, or ${prefix}IN_CLUSTER=true`

/** How the functions reach the API server of a cluster. */
export function readAccess(reader: Reader, prefix: string): Access {
  const kubeconfig = readSecret(reader, `${prefix}KUBECONFIG`)
  const server = readServer(reader, `${prefix}SERVER`)
  const inCluster = reader.flag(`${prefix}IN_CLUSTER`, false)
  const given = [kubeconfig && 'KUBECONFIG', server && 'SERVER', inCluster && 'IN_CLUSTER'].filter(Boolean)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'no access' : `${given.join(' and ')} together`
    reader.problems.push(`${prefix}KUBECONFIG: ${found}; ${CHOICES(prefix)}`)
  }
  if (server === undefined && reader.text(`${prefix}EKS_REGION`) !== undefined) {
    reader.problems.push(
      `${prefix}EKS_REGION: tokens of EKS go with ${prefix}SERVER and ${prefix}CA; give them, or remove it`,
    )
  }
  if (kubeconfig) return { kubeconfig, ...optional('context', reader.text(`${prefix}CONTEXT`)) }
  if (inCluster) return { inCluster: true }
  const ca = optional('ca', readSecret(reader, `${prefix}CA`))
  return { server: server ?? '', ...ca, ...readProof(reader, prefix, server) }
}

/** Requests carry credentials, so that nothing but https will do. */
function readServer(reader: Reader, name: string): string | undefined {
  const server = reader.url(name)
  if (server !== undefined && URL.canParse(server) && new URL(server).protocol !== 'https:') {
    reader.problems.push(`${name}: "${server}" is no https URL; use e.g. https://api.rome.example:6443`)
  }
  return server
}

/** What convinces the server: a token that is given, or one that is made. */
function readProof(reader: Reader, prefix: string, server: string | undefined) {
  const token = readSecret(reader, `${prefix}TOKEN`)
  const region = reader.text(`${prefix}EKS_REGION`)
  if (region !== undefined) {
    if (token !== undefined) {
      reader.problems.push(`${prefix}TOKEN: together with ${prefix}EKS_REGION, by which tokens are made; remove one`)
    }
    return { eks: readEks(reader, prefix, region) }
  }
  if (server !== undefined && token === undefined) {
    reader.problems.push(
      `${prefix}TOKEN: missing; give the bearer token of the service account for ${server}, or for an EKS cluster ${prefix}EKS_NAME and ${prefix}EKS_REGION`,
    )
  }
  return { token: token ?? '' }
}

function readEks(reader: Reader, prefix: string, region: string): EksCluster {
  // What is wrong with it is told where it is read for all clusters.
  const name = reader.text(`${prefix}EKS_NAME`)
  if (name === undefined) {
    reader.problems.push(`${prefix}EKS_NAME: missing; with ${prefix}EKS_REGION give the name of the cluster in EKS`)
  }
  if (!/^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(region)) {
    reader.problems.push(`${prefix}EKS_REGION: "${region}" is no region; use e.g. eu-west-1`)
  }
  return { name: name ?? '', region }
}

/** Name of the cluster in EKS: what its tokens and its audit log group are named after. */
export function readEksName(reader: Reader, prefix: string): string | undefined {
  const name = reader.text(`${prefix}EKS_NAME`)
  if (name !== undefined && !/^[A-Za-z0-9][\w-]{0,99}$/.test(name)) {
    reader.problems.push(
      `${prefix}EKS_NAME: "${name}" is no name of an EKS cluster; use letters, digits, "-" and "_", at most 100`,
    )
  }
  return name
}
