import { expect, test } from 'vitest'
import { alarmsOf } from './alarms.ts'
import { dashboardOf } from './dashboard.ts'
import { functionsOf } from './functions.ts'
import { stackOf } from './stack.ts'

const environment = { CLUSTERS: 'rome,milan' }
const functions = functionsOf({ environment })
const alarms = alarmsOf(functions, 'arn:aws:sns:eu-west-1:1:oncall')

test('an alarm for what needs a person, and one for the errors of each function', () => {
  const kept = Object.keys(alarms).filter((id) => !id.endsWith('ErrorsAlarm'))
  const wanted = ['DeadLetters', 'SweepSilent', 'DriftFound', 'OldestUnsynced', 'TokenRefreshLate']
  expect(kept).toEqual(wanted.map((name) => `${name}Alarm`))
  expect(Object.keys(alarms)).toHaveLength(Object.keys(functions).length + wanted.length)
})

test('errors are looked for in times in which the function runs', () => {
  expect(alarms.PodErrorsAlarm?.Properties).toMatchObject({ Period: 300, EvaluationPeriods: 2 })
  expect(alarms.SweepErrorsAlarm?.Properties).toMatchObject({ Period: 900, EvaluationPeriods: 2 })
})

test('what is measured by a function is looked for where the function puts it', () => {
  expect(alarms.OldestUnsyncedAlarm?.Properties).toMatchObject({
    Namespace: 'Heliograph',
    MetricName: 'OldestUnsynced',
    Dimensions: [{ Name: 'FunctionName', Value: { Ref: 'SweepLambdaFunction' } }],
  })
})

test('they tell a topic if there is one, and silence of the sweep is an alarm', () => {
  expect(alarms.SweepSilentAlarm?.Properties).toMatchObject({
    TreatMissingData: 'breaching',
    AlarmActions: ['arn:aws:sns:eu-west-1:1:oncall'],
  })
  expect(alarmsOf(functions).SweepSilentAlarm?.Properties).not.toHaveProperty('AlarmActions')
})

test('the dashboard shows every function and every alarm, and refers to nothing that is not there', () => {
  const { Properties } = dashboardOf(Object.keys(functions), Object.keys(alarms))
  const text = (Properties.DashboardBody as { 'Fn::Sub': string })['Fn::Sub']
  const { widgets } = JSON.parse(text) as { widgets: { properties: { alarms?: string[]; metrics?: unknown[][] } }[] }
  expect(widgets[0]?.properties.alarms).toHaveLength(Object.keys(alarms).length)
  expect(widgets[1]?.properties.metrics).toHaveLength(Object.keys(functions).length)
  const known = new Set([
    ...Object.keys(stackOf({ environment }).resources.Resources),
    'DeadLetters',
    'Heartbeats',
    'AWS',
  ])
  for (const [, id] of text.matchAll(/\$\{(\w+)/g)) expect(known).toContain(id)
})
