import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClustersOptions, type StageClusters, startClusters } from '../../infra/local/clusters.ts'
import { clusterPrefix } from '../../lib/config/reader.ts'
import { type Account, openAccount } from './account.ts'
import { type AuditLog, auditLogOf, openLogGroup } from './audit-log.ts'
import { type Lambda, startLambda } from './lambda.ts'
import { fetchPackages } from './packages.ts'

/** The service deployed on moto, run from there, between two real control planes. */
export interface Rehearsal extends Pick<StageClusters, 'clusters' | 'admit'> {
  account: Account
  lambda: Lambda
  /** Lines that functions wrote, each behind the function's name. */
  lines: string[]
  /** By ClusterID. */
  auditLogs: Readonly<Record<string, AuditLog>>
  stop(): Promise<void>
}

/** Retries come fast here: a test waits for what they bring about, not for AWS's minute. */
const BACKOFFS = { function: 100, handover: 100 }

export interface RehearsalOptions extends Omit<ClustersOptions, 'dir' | 'control'> {
  /** ClusterIDs of those that are as in EKS, with their logging of `audit` switched on. */
  auditLogs?: readonly string[]
}

/** @param environment more settings of the stage */
export async function startRehearsal(
  environment: Readonly<Record<string, string>>,
  { auditLogs: logging = [], ...options }: RehearsalOptions = {},
): Promise<Rehearsal> {
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-rehearsal-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const auditLogs = Object.fromEntries(logging.map((id) => [id, auditLogOf(id, join(dir, `${id}-audit.log`))]))
  const control = mapped(auditLogs, ({ flags }) => ({ extraApiServerArgs: flags }))
  const [ground, account] = await both(
    startClusters({ ...options, control, dir: join(dir, 'clusters') }),
    openAccount(),
    started,
  )
  for (const { logGroup } of Object.values(auditLogs)) await openLogGroup(account.clients, logGroup)
  const names = Object.entries(auditLogs).map(([id, log]) => [`${clusterPrefix(id)}EKS_NAME`, log.clusterName])
  const secrets = await keepSecrets(account, ground)
  await account.deploy({
    environment: { ...secrets, ...Object.fromEntries(names), ...environment },
    auditLogs: [...logging],
  })
  const { functions } = await account.deployed()
  const packages = await fetchPackages(functions, account.url, join(dir, 'packages'))
  const lines: string[] = []
  const { api, clients, url } = account
  const lambda = await startLambda({
    ...{ api, clients, url, packages },
    read: account.deployed,
    tls: ground.tls,
    ports: ground.ports,
    clientCas: ground.clientCas,
    backoffs: BACKOFFS,
    onLine: (name, line) => lines.push(`${name} ${line}`),
  })
  started.defer(lambda.stop)
  const all = started.move()
  return {
    ...{ account, lambda, lines, auditLogs, clusters: ground.clusters, admit: ground.admit },
    stop: () => all.disposeAsync(),
  }
}

const mapped = <T, R>(record: Readonly<Record<string, T>>, to: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]))

interface Stoppable {
  stop(): Promise<void>
}

/** Two that start at the same time; one that has started is stopped when the other one fails. */
async function both<A extends Stoppable, B extends Stoppable>(
  first: Promise<A>,
  second: Promise<B>,
  started: AsyncDisposableStack,
): Promise<[A, B]> {
  const settled = await Promise.allSettled([first, second])
  for (const one of settled) if (one.status === 'fulfilled') started.defer(() => one.value.stop())
  return [await first, await second]
}

/** Puts what is secret of the clusters into Secrets Manager. @returns the environment that refers to it */
async function keepSecrets(account: Account, { clusters, env }: StageClusters): Promise<Record<string, string>> {
  const environment = { ...env }
  for (const id of Object.keys(clusters)) {
    const prefix = clusterPrefix(id)
    const { [`${prefix}KUBECONFIG`]: file = '', [`${prefix}WEBHOOK_TOKEN`]: webhookToken = '' } = env
    await account.keep(`heliograph/${id}`, { kubeconfig: await readFile(file, 'utf8'), webhookToken })
    environment[`${prefix}KUBECONFIG`] = `secretsmanager:heliograph/${id}#kubeconfig`
    environment[`${prefix}WEBHOOK_TOKEN`] = `secretsmanager:heliograph/${id}#webhookToken`
  }
  return environment
}
