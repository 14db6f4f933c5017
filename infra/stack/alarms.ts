import { type Metric, NAMESPACE } from '../../lib/metrics.ts'
import { attribute, type Intrinsic, logicalId, type Resource, type Resources, ref } from './cloudformation.ts'
import type { StackFunction } from './function.ts'

interface Alarm {
  /** What has happened, and what to do. */
  description: string
  namespace: string
  metric: string
  dimensions: Readonly<Record<string, string | Intrinsic>>
  statistic: 'Sum' | 'Maximum'
  /** Seconds. */
  period: number
  /** So many periods on end. */
  periods: number
  above?: number
  below?: number
  /** Nothing measured is as bad as too much. */
  silenceIsBad?: true
}

/** When a person is needed, by logical ID. */
export function alarmsOf(functions: Readonly<Record<string, StackFunction>>, topicArn?: string): Resources {
  const errors = Object.entries(functions).map(([name, fn]): [string, Alarm] => [
    `${logicalId(name, '')}Errors`,
    {
      description: `Function ${name} keeps failing: its log group has the reason.`,
      ...ofFunction(name, 'Errors'),
      // Of what runs less often than that at least one run.
      period: Math.max(300, secondsOf(fn.every)),
      periods: 2,
      above: 0,
    },
  ])
  return Object.fromEntries(
    [...errors, ...Object.entries(ALARMS)].map(([id, alarm]) => [`${id}Alarm`, toResource(alarm, topicArn)]),
  )
}

const ofFunction = (name: string, metric: string) => ({
  namespace: 'AWS/Lambda',
  metric,
  dimensions: { FunctionName: ref(logicalId(name, 'LambdaFunction')) },
  statistic: 'Sum' as const,
})

const measured = (name: string, metric: Metric) => ({
  ...ofFunction(name, metric),
  namespace: NAMESPACE,
  statistic: 'Maximum' as const,
})

/** Seconds between two sweeps. */
const SWEEP = 900

const ALARMS: Readonly<Record<string, Alarm>> = {
  DeadLetters: {
    description: 'Events were given up: mend what their letters tell, then npm run redrive.',
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: attribute('DeadLetters', 'QueueName') },
    statistic: 'Maximum',
    period: 300,
    periods: 1,
    above: 0,
  },
  SweepSilent: {
    description: 'No sweep for an hour, which is the guarantee behind the events: look at its schedule.',
    ...ofFunction('sweep', 'Invocations'),
    period: 3600,
    periods: 1,
    below: 1,
    silenceIsBad: true,
  },
  DriftFound: {
    description: 'A sweep mended what events had missed: do the webhooks of the clusters still call?',
    ...measured('sweep', 'DriftFound'),
    period: SWEEP,
    periods: 1,
    above: 0,
  },
  OldestUnsynced: {
    description: 'Something stays different from sweep to sweep: its log has what, by "swept" and "sweep failed".',
    ...measured('sweep', 'OldestUnsynced'),
    period: SWEEP,
    periods: 2,
    above: 2 * SWEEP,
  },
  TokenRefreshLate: {
    description: 'Tokens of offloaded pods are not asked for in time, and will expire: see the log of serviceaccount.',
    ...measured('serviceaccount', 'TokenRefreshLate'),
    period: 60,
    periods: 2,
    above: 60,
  },
}

/** @param every e.g. `rate(15 minutes)` */
function secondsOf(every = ''): number {
  return 60 * Number(/^rate\((\d+) minutes?\)$/.exec(every)?.[1] ?? 0)
}

function toResource(alarm: Alarm, topicArn: string | undefined): Resource {
  const { description, namespace, metric, dimensions, statistic, period, periods, above, below, silenceIsBad } = alarm
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: description,
      Namespace: namespace,
      MetricName: metric,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: statistic,
      Period: period,
      EvaluationPeriods: periods,
      ComparisonOperator: below === undefined ? 'GreaterThanThreshold' : 'LessThanThreshold',
      Threshold: below ?? above,
      TreatMissingData: silenceIsBad ? 'breaching' : 'notBreaching',
      ...(topicArn && { AlarmActions: [topicArn], OKActions: [topicArn] }),
    },
  }
}
