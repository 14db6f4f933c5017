import { type Metric, NAMESPACE } from '../../lib/metrics.ts'
import { type Resource, sub } from './cloudformation.ts'

/** Columns of a dashboard. */
const WIDTH = 24
const HEIGHT = 6

/** Of CloudWatch's dashboard body, with what Fn::Sub fills in. */
type Widget = { type: 'alarm' | 'metric' | 'log'; properties: Readonly<Record<string, unknown>> }

/**
 * One page with the alarms, what the functions do, what waits in the queues, what sweeps and refreshes measure, and the
 * last warnings.
 * @param functions their names @param alarms their logical IDs
 */
export function dashboardOf(functions: readonly string[], alarms: readonly string[]): Resource {
  const widgets: Widget[] = [
    { type: 'alarm', properties: { title: 'Alarms', alarms: alarms.map((id) => `\${${id}.Arn}`) } },
    ofFunctions(functions, 'Invocations', 'Sum'),
    ofFunctions(functions, 'Errors', 'Sum'),
    ofFunctions(functions, 'Throttles', 'Sum'),
    ofFunctions(functions, 'Duration', 'p99'),
    ofFunctions(functions, 'ConcurrentExecutions', 'Maximum'),
    metrics('Queues', 'Maximum', [
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', `\${DeadLetters.QueueName}`],
      ['.', 'ApproximateAgeOfOldestMessage', '.', `\${Heartbeats.QueueName}`],
    ]),
    byPeering('sweep', 'DriftFound', 900),
    byPeering('sweep', 'OldestUnsynced', 900),
    byPeering('serviceaccount', 'TokenRefreshLate', 60),
    warnings(functions),
  ]
  const placed = widgets.map(({ type, properties }) => ({
    type,
    width: type === 'metric' ? WIDTH / 3 : WIDTH,
    height: HEIGHT,
    properties: { ...REGION, ...properties },
  }))
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      // Dashboards are the account's, not a region's.
      DashboardName: sub(`\${AWS::StackName}-\${AWS::Region}`),
      DashboardBody: sub(JSON.stringify({ widgets: placed })),
    },
  }
}

const REGION = { region: `\${AWS::Region}` }

const nameOf = (fn: string): string => `\${AWS::StackName}-${fn}`

function metrics(title: string, stat: string, rows: readonly unknown[], period = 300): Widget {
  return { type: 'metric', properties: { title, stat, period, view: 'timeSeries', metrics: rows } }
}

function ofFunctions(functions: readonly string[], metric: string, stat: string): Widget {
  const rows = functions.map((fn) => ['AWS/Lambda', metric, 'FunctionName', nameOf(fn), { label: fn }])
  return metrics(metric, stat, rows)
}

/** Which peerings there are is not said anywhere but in the metric itself. */
function byPeering(fn: string, metric: Metric, period: number): Widget {
  const search = `{${NAMESPACE},FunctionName,Peering} FunctionName="${nameOf(fn)}" MetricName="${metric}"`
  return metrics(metric, 'Maximum', [[{ expression: `SEARCH('${search}', 'Maximum', ${period})` }]], period)
}

function warnings(functions: readonly string[]): Widget {
  const sources = functions.map((fn) => `SOURCE '/aws/lambda/${nameOf(fn)}'`)
  const query = 'fields @timestamp, function, msg, key, what, why, error | filter level in ["warn", "error"]'
  const end = 'sort @timestamp desc | limit 50'
  return { type: 'log', properties: { title: 'Warnings', view: 'table', query: [...sources, query, end].join(' | ') } }
}
