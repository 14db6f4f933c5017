import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { problemsOf } from './preflight.ts'
import { parseSettings, readStage, type StageSettings, settingsFile } from './settings.ts'

const example = parseSettings(await readFile(settingsFile('example'), 'utf8'), 'stages/example.yml')

test('the example is right as it stands', () => {
  expect(problemsOf(example, 'example')).toEqual([])
})

test.each([
  { name: 'no YAML', text: 'region: [', want: 'no valid YAML' },
  { name: 'no region', text: 'environment: {}', want: 'region: missing; give text, as in stages/example.yml' },
  { name: 'nothing', text: '', want: 'the file: missing; give fields with values' },
  {
    name: 'an unknown field',
    text: 'region: eu-west-1\nenvironment: {}\nalarmTopic: x',
    want: 'the file: has no field alarmTopic; use one of region, environment, ',
  },
  {
    name: 'an unknown field of a field',
    text: 'region: eu-west-1\nenvironment: {}\nvpc: {subnets: [subnet-1]}',
    want: 'vpc: has no field subnets; use one of subnetIds, securityGroupIds',
  },
  {
    name: 'a list as text',
    text: 'region: eu-west-1\nenvironment: {}\nauditLogs: rome',
    want: 'auditLogs: expected a list, e.g. [rome]',
  },
  {
    name: 'text as a list',
    text: 'region: eu-west-1\nenvironment: {CLUSTERS: [rome, milan]}',
    want: 'environment.CLUSTERS: expected text; several values by comma, e.g. rome,milan',
  },
  {
    name: 'a concurrency of none',
    text: 'region: eu-west-1\nenvironment: {}\nreservedConcurrency: {functions: {pod: 0}}',
    want: 'reservedConcurrency.functions.pod: expected 1 at least',
  },
  {
    name: 'less memory than Lambda has',
    text: 'region: eu-west-1\nenvironment: {}\nmemorySize: {sweep: 64}',
    want: 'memorySize.sweep: expected 128 at least',
  },
  {
    name: 'more memory than Lambda has',
    text: 'region: eu-west-1\nenvironment: {}\nmemorySize: {sweep: 20480}',
    want: 'memorySize.sweep: expected 10240 at most',
  },
  {
    name: 'a part of an ARN',
    text: 'region: eu-west-1\nenvironment: {}\nalarmTopicArn: arn:aws:sns:eu-west-1',
    want: 'alarmTopicArn: expected an ARN of sns, e.g. arn:aws:sns:eu-west-1:123456789012:oncall',
  },
  {
    name: 'what is no variable',
    text: 'region: eu-west-1\nenvironment: {clusters: rome}',
    want: 'environment.clusters: ',
  },
])('a file is refused by the field: $name', ({ text, want }) => {
  expect(() => parseSettings(text, 'stages/a.yml')).toThrow(want)
})

test('YAML may read a value as something else than text', () => {
  const { environment } = parseSettings('region: eu-west-1\nenvironment: {A: true, B: 100, C: c, D: }', 'stages/a.yml')
  expect(environment).toEqual({ A: 'true', B: '100', C: 'c', D: '' })
})

test.each([
  { args: ['--stage', '../prod'], want: '--stage: give letters, digits and "-"' },
  { args: ['--stage', 'prod', '-s', 'test'], want: '--stage: given twice; give it once' },
  { args: ['--stage'], want: '--stage: give letters' },
  { args: ['--stage', 'prod', '--param', 'setting=a.yml'], want: '--param: there is no other than settings=FILE' },
  { args: ['--stage', 'prod', '--region', 'us-east-1'], want: '--region: stands in the settings of the stage' },
  {
    args: ['--param', `settings=${import.meta.dirname}`],
    want: 'infra/stack has 1 problem(s):\n  - it cannot be read',
  },
])('a command is refused by the option: $args', async ({ args, want }) => {
  await expect(readStage(args)).rejects.toThrow(want)
})

test.each([
  {
    name: 'a misspelt variable',
    environment: { CLUSTER_ROME_LABEL: 'a=b' },
    want: 'CLUSTER_ROME_LABEL: unknown variable; did you mean CLUSTER_ROME_LABELS',
  },
  {
    name: 'a variable that nobody reads',
    environment: { LOGLEVEL: 'debug' },
    want: 'LOGLEVEL: unknown variable; did you mean LOG_LEVEL',
  },
  {
    name: 'a kubeconfig as it is',
    environment: { CLUSTER_ROME_KUBECONFIG: '~/.kube/rome' },
    want: 'CLUSTER_ROME_KUBECONFIG: a secret',
  },
  {
    name: 'a token as it is',
    environment: { CLUSTER_ROME_WEBHOOK_TOKEN: 'ssm:a,hunter2' },
    want: 'CLUSTER_ROME_WEBHOOK_TOKEN: a secret',
  },
  { name: 'what the stack sets', environment: { EVENT_BUS_NAME: 'mine' }, want: 'EVENT_BUS_NAME: is set' },
  {
    name: 'a cluster around the function',
    environment: { CLUSTER_ROME_IN_CLUSTER: 'true' },
    want: 'CLUSTER_ROME_IN_CLUSTER: functions',
  },
  { name: 'more than Lambda takes', environment: { CLUSTER_ROME_CA: 'x'.repeat(4096) }, want: 'CLUSTERS: with all' },
  {
    name: 'nobody who may call',
    environment: { CLUSTER_ROME_WEBHOOK_TOKEN: '', CLUSTER_MILAN_WEBHOOK_TOKEN: '' },
    want: 'CLUSTER_ROME_WEBHOOK_TOKEN: missing',
  },
])('a stage is refused by the variable: $name', ({ environment, want }) => {
  const problems = problemsOf({ ...example, environment: { ...example.environment, ...environment } }, 'prod')
  expect(problems.filter((problem) => problem.includes(`environment.${want}`))).toHaveLength(1)
  expect(problems.join()).not.toContain('hunter2')
})

const eks = { CLUSTER_ROME_EKS_NAME: 'rome-prod' }

test.each<{ name: string; given: Partial<StageSettings>; want: string }>([
  {
    name: 'the log of a cluster that is not there',
    given: { auditLogs: ['turin'] },
    want: 'auditLogs.0: CLUSTERS has no "turin"',
  },
  {
    name: 'entries of what is not EKS',
    given: { accessEntries: ['milan'] },
    want: 'accessEntries.0: "milan" is not known',
  },
  {
    name: 'the log of another region',
    given: { auditLogs: ['rome'], environment: { CLUSTER_ROME_EKS_REGION: 'us-east-1' } },
    want: 'auditLogs.0: "rome" is in us-east-1',
  },
  {
    name: 'a topic of another region',
    given: { alarmTopicArn: 'arn:aws:sns:us-east-1:123456789012:oncall' },
    want: 'alarmTopicArn: is in us-east-1, and has to be in eu-west-1',
  },
  {
    name: 'two places of the kubelet API',
    given: {
      kubelet: {
        domainName: 'kubelet.example.org',
        certificateArn: 'arn:aws:acm:eu-west-1:1:certificate/a',
        truststoreUri: '',
      },
      environment: { OFFLOADING_KUBELET: 'elsewhere.example.org' },
    },
    want: 'environment.OFFLOADING_KUBELET: elsewhere.example.org is not',
  },
  {
    name: 'a concurrency of nobody',
    given: { reservedConcurrency: { functions: { pods: 1 }, peerings: {} } },
    want: 'reservedConcurrency.functions.pods: there is no such one; use one of webhook, ',
  },
  {
    name: 'memory of nobody',
    given: { memorySize: { sweeps: 1024 } },
    want: 'memorySize.sweeps: there is no such one; use one of webhook, ',
  },
  {
    name: 'a concurrency of no peering',
    given: { reservedConcurrency: { functions: {}, peerings: { 'rome:turin': 1 } } },
    want: 'reservedConcurrency.peerings.rome:turin: there is no such one; use one of rome:milan',
  },
])('a stage is refused by its settings: $name', ({ given: { environment, ...given }, want }) => {
  const settings = { ...example, ...given, environment: { ...example.environment, ...eks, ...environment } }
  expect(problemsOf(settings, 'prod')).toContainEqual(expect.stringContaining(want))
})

test('the names of functions fit Lambda', () => {
  expect(problemsOf(example, 'x'.repeat(40))).toEqual([expect.stringMatching(/^--stage: .*persistentvolumeclaim/)])
})
