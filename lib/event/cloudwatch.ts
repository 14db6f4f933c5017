import * as z from 'zod/mini'
import { gunzipped, parseJson } from '../handler/bytes.ts'
import { MalformedError } from '../handler/errors.ts'
import { issueText, parse } from '../schema.ts'
import { auditEvent, auditWrite } from './audit.ts'
import { type Parcel, readItems } from './write.ts'

/** What a CloudWatch Logs subscription calls with; `data` is base64(gzip(JSON)). */
export const logsEvent = z.object({ awslogs: z.object({ data: z.string() }) })

const logsPayload = z.object({
  /** `DATA_MESSAGE` or `CONTROL_MESSAGE` */
  messageType: z.string(),
  logGroup: z.string(),
  logStream: z.string(),
  logEvents: z.array(z.object({ message: z.string() })),
})

/** The subscription sends at most 1 MB compressed, and audit events compress well; nobody could send it in pieces. */
const MAX_BYTES = 32 * 1024 * 1024

export interface LogsParcel extends Parcel {
  /** e.g. `/aws/eks/rome-prod/cluster` */
  logGroup: string
}

/**
 * An EKS audit log to writes. The log group has streams of other components too, and lines that are no audit event:
 * received, and dropped.
 * @returns undefined for a control message, which only tests whether the destination can be reached
 * @throws MalformedError, TooLargeError
 */
export async function readLogs(event: z.infer<typeof logsEvent>): Promise<LogsParcel | undefined> {
  const json = parseJson(await gunzipped(Buffer.from(event.awslogs.data, 'base64'), MAX_BYTES))
  const parsed = parse(logsPayload, json)
  if (!parsed.success) throw new MalformedError(issueText(parsed.error, 'awslogs.data'))
  const { messageType, logGroup, logStream, logEvents } = parsed.data
  if (messageType === 'CONTROL_MESSAGE') return undefined
  const events = logStream.startsWith('kube-apiserver-audit')
    ? logEvents.flatMap(({ message }) => auditJson(message))
    : []
  const reading = readItems(events, auditEvent, auditWrite, (index) => `events[${index}]`)
  return { form: 'cloudwatch', ...reading, received: logEvents.length, logGroup }
}

const auditEnvelope = z.looseObject({ kind: z.literal('Event'), apiVersion: z.literal('audit.k8s.io/v1') })

function auditJson(message: string): unknown[] {
  try {
    const event = JSON.parse(message)
    return auditEnvelope.safeParse(event).success ? [event] : []
  } catch {
    return []
  }
}

/** A subscription of a cluster that is not configured here: a person has to add it, or remove the subscription. */
export class UnknownLogGroupError extends Error {
  readonly retry = false

  constructor(logGroup: string) {
    super(`log group ${logGroup}: expected /aws/eks/<name>/cluster with <name> in the configuration of a cluster`)
    this.name = new.target.name
  }
}

/**
 * The log group is the credential: who may invoke the function with it is up to the platform's permissions.
 * @returns ClusterID
 * @throws UnknownLogGroupError
 */
export function clusterOf({ logGroup }: LogsParcel, clusters: readonly EksCluster[]): string {
  const name = /^\/aws\/eks\/([^/]+)\/cluster$/.exec(logGroup)?.[1]
  const cluster = clusters.find(({ eksName }) => eksName !== undefined && eksName === name)
  if (!cluster) throw new UnknownLogGroupError(logGroup)
  return cluster.id
}

export interface EksCluster {
  readonly id: string
  /** Name of the cluster in EKS; absent for others. */
  readonly eksName?: string | undefined
}
