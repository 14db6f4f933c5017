import { readFile } from 'node:fs/promises'
import { CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import type { Clients } from './clients.ts'

/**
 * What EKS does with the audit log of a cluster when its logging of `audit` is switched on: there is a log group, and
 * each audit event that the API server writes is a line in a stream of it. Here the API server writes a file, and the
 * test hands lines of it on.
 */
export interface AuditLog {
  /** In EKS. */
  clusterName: string
  logGroup: string
  /** Flags of the API server. */
  flags: readonly string[]
  /** All lines so far. */
  read(): Promise<string[]>
}

/** @param file where the API server writes */
export function auditLogOf(id: string, file: string): AuditLog {
  const clusterName = `${id}-prod`
  return {
    clusterName,
    logGroup: `/aws/eks/${clusterName}/cluster`,
    flags: [`--audit-log-path=${file}`],
    read: async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1),
  }
}

/** Switches the logging on. */
export async function openLogGroup({ logs }: Clients, logGroupName: string): Promise<void> {
  await logs.send(new CreateLogGroupCommand({ logGroupName }))
}

/** Puts lines into a stream of their own, e.g. `kube-apiserver-audit-0f3a4b5c6d7e8f90a1b2c3d4e5f60718`. */
export async function putLines(
  { logs }: Clients,
  { logGroup: logGroupName }: Pick<AuditLog, 'logGroup'>,
  logStreamName: string,
  lines: readonly string[],
): Promise<void> {
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }))
  const logEvents = lines.map((message) => ({ timestamp: Date.now(), message }))
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }))
}
