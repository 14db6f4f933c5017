import type { Log } from './log.ts'

/** What is measured besides what the platform measures itself, with the unit that CloudWatch is told. */
const UNITS = {
  /** Objects that a sweep had to bring in line, though events had had the time to. */
  DriftFound: 'Count',
  /** How long the oldest difference that a sweep saw had lasted, at most. */
  OldestUnsynced: 'Seconds',
  /** By how much the most overdue token had missed the time to be asked for anew. */
  TokenRefreshLate: 'Seconds',
} as const

export type Metric = keyof typeof UNITS
export type Measured = Readonly<Partial<Record<Metric, number>>>

/** Name under which CloudWatch keeps them. */
export const NAMESPACE = 'Heliograph'

/** Takes what was measured of one peering, `rome:milan`. */
export type Measure = (peering: string, measured: Measured) => void

/** A line that CloudWatch reads metrics from, besides its fields. */
export interface EmbeddedMetrics {
  _aws: { Timestamp: number; CloudWatchMetrics: readonly object[] }
  [name: string]: unknown
}

/**
 * Measures into the log, in CloudWatch's embedded metric format: by function and peering for people, by function alone
 * for alarms. There are as many series as peerings, and one more.
 * @param functionName as AWS names it, e.g. `heliograph-prod-sweep`, so that stages are kept apart
 */
export function measureIn(log: Log, functionName: string): Measure {
  return (peering, measured) => log.metrics(embedded(functionName, peering, measured, Date.now()))
}

/** @param now epoch ms @see the CloudWatch user guide, "Specification: Embedded metric format" */
export function embedded(functionName: string, peering: string, measured: Measured, now: number): EmbeddedMetrics {
  const Metrics = Object.keys(measured).map((Name) => ({ Name, Unit: UNITS[Name as Metric] }))
  const Dimensions = [['FunctionName'], ['FunctionName', 'Peering']]
  return {
    _aws: { Timestamp: now, CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions, Metrics }] },
    FunctionName: functionName,
    Peering: peering,
    ...measured,
  }
}
