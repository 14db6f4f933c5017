import { join } from 'node:path'
import { DescribeStackResourcesCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { DescribeSubscriptionFiltersCommand } from '@aws-sdk/client-cloudwatch-logs'
import { PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { GetFunctionConcurrencyCommand, GetPolicyCommand } from '@aws-sdk/client-lambda'
import { GetQueueAttributesCommand, GetQueueUrlCommand, ListQueuesCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../infra/local/root.ts'
import { readOwnService } from '../../infra/local/service/own.ts'
import type { Service } from '../../infra/local/service/read.ts'
import { readSettings } from '../../infra/stack/settings.ts'
import { stopFunctions } from '../../infra/stack/stop.ts'
import { type Account, openAccount, PLACE, STACK } from './account.ts'
import { auditLogOf, openLogGroup } from './audit-log.ts'
import { clientsOf, keysOfRole } from './clients.ts'
import { runCommand } from './command.ts'
import type { Deployed } from './deployed.ts'

const ENVIRONMENT = {
  CLUSTERS: 'rome,milan',
  PEERINGS: 'rome:milan',
  CLUSTER_ROME_KUBECONFIG: 'secretsmanager:heliograph/rome#kubeconfig',
  CLUSTER_ROME_WEBHOOK_TOKEN: 'ssm:/heliograph/rome/token',
  CLUSTER_MILAN_KUBECONFIG: 'secretsmanager:heliograph/milan#kubeconfig',
  NETWORKING_INTERNAL: 'false',
}

let account: Account
let first: Deployed

beforeAll(async () => {
  account = await openAccount()
  await account.deploy({ environment: ENVIRONMENT })
  first = await account.deployed()
})
afterAll(() => account?.stop())

/** What both the local run and AWS say of a service, names of the stage left out. */
const common = ({ functions, rules, schedules, pollers, stage }: Pick<Service, keyof Deployed>) => {
  const plain = functions.map(({ name, memory, timeout, retry, deadLetters, url, streams, environment }) => ({
    ...{ name, memory, timeout, retry, deadLetters, url, streams, environment },
  }))
  const by = <T>(all: readonly T[], key: (one: T) => string) => all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
  const whole = {
    functions: by(plain, ({ name }) => name),
    rules: by(rules, ({ name }) => name),
    schedules: by(schedules, ({ target }) => target).map(
      ({ target, expression, timezone, retry, deadLetters, input }) => ({
        ...{ target, expression, timezone, retry, deadLetters, input },
      }),
    ),
    pollers,
  }
  return JSON.parse(JSON.stringify(whole).replaceAll(`heliograph-${stage}`, 'heliograph-any'))
}

test('AWS has what the local run reads', async () => {
  expect(common(first)).toEqual(common(await readOwnService(ENVIRONMENT, { kubelet: undefined })))
})

interface Statement {
  Effect: string
  Action: string
  Principal: '*' | { Service: string }
  Resource: string
  Condition?: { ArnLike?: Record<string, string> }
}

const statementsOf = (policy = '{"Statement":[]}') => (JSON.parse(policy) as { Statement: Statement[] }).Statement

/** Whether a service of AWS may do this for what has that ARN, EventBridge for a rule of it unless told. */
const admits = (statements: Statement[], Action: string, arn: string, service = 'events') =>
  statements.some(({ Principal, Condition, ...statement }) => {
    const [pattern = ''] = Object.values(Condition?.ArnLike ?? {})
    const isService = typeof Principal === 'object' && Principal.Service === `${service}.amazonaws.com`
    const isLike = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(arn)
    return isService && statement.Action === Action && isLike
  })

test('EventBridge may wake each function by its rule, and put what is not taken among the dead letters', async () => {
  const { lambda, sqs } = account.clients
  for (const { target, arn, deadLetters } of first.rules) {
    const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName: `${STACK}-${target}` }))
    expect(admits(statementsOf(Policy), 'lambda:InvokeFunction', arn), arn).toBe(true)
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: deadLetters }))
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }))
    expect(admits(statementsOf(Attributes?.Policy), 'sqs:SendMessage', arn), arn).toBe(true)
  }
})

test('whoever knows a Function URL may call it: the clusters sign no requests', async () => {
  const open = first.functions.filter(({ url }) => url)
  expect(open.length).toBeGreaterThan(0)
  for (const { fullName } of open) {
    const { Policy } = await account.clients.lambda.send(new GetPolicyCommand({ FunctionName: fullName }))
    const actions = statementsOf(Policy).flatMap(({ Principal, Action }) => (Principal === '*' ? [Action] : []))
    expect(actions, fullName).toContain('lambda:InvokeFunctionUrl')
  }
})

test('each function has a role of its own, which allows nothing but what it does', async () => {
  const roles = first.functions.map(({ role }) => role)
  expect(new Set(roles).size).toBe(roles.length)

  const put = async (name: string) => {
    const { role = '' } = first.functions.find((fn) => fn.name === name) ?? {}
    const { events } = clientsOf(account.url, PLACE.region, await keysOfRole(account.clients, role))
    const entry = { EventBusName: STACK, Source: 'any', DetailType: 'any', Detail: '{}' }
    return events.send(new PutEventsCommand({ Entries: [entry] }))
  }
  expect(await put('webhook')).toMatchObject({ FailedEntryCount: 0 })
  await expect(put('configmap')).rejects.toThrow('not authorized to perform: events:PutEvents')
})

test('alarms look at what is there', async () => {
  const { MetricAlarms = [] } = await account.clients.cloudwatch.send(new DescribeAlarmsCommand({}))
  const { QueueUrls = [] } = await account.clients.sqs.send(new ListQueuesCommand({}))
  const known = [...first.functions.map(({ fullName }) => fullName), ...QueueUrls.map((url) => url.split('/').at(-1))]
  expect(MetricAlarms.length).toBeGreaterThanOrEqual(first.functions.length)
  for (const { Dimensions = [] } of MetricAlarms) {
    for (const { Value } of Dimensions) expect(known).toContain(Value)
  }
})

test('deployed again without a change nothing is touched', async () => {
  expect(await account.deploy({ environment: ENVIRONMENT })).toContain('No changes to deploy')
  expect(await account.deployed()).toEqual(first)
})

test('a changed setting reaches every function, and changes nothing else', async () => {
  await account.deploy({ environment: { ...ENVIRONMENT, LOG_LEVEL: 'debug' } })
  const deployed = await account.deployed()
  const hashes = ({ functions }: Deployed) => functions.map(({ code }) => code.sha256)
  expect(hashes(deployed)).toEqual(hashes(first))
  const changed = common(deployed)
  for (const { environment } of changed.functions) {
    expect(environment.LOG_LEVEL).toBe('debug')
    delete environment.LOG_LEVEL
  }
  expect(changed).toEqual(common(first))
})

test('a stage with every setting there is, in the place of the one before', async () => {
  const { region: _, ...settings } = await readSettings(join(ROOT, 'infra', 'stack', 'fixtures', 'full.yml'))
  for (const logGroup of LOG_GROUPS) await openLogGroup(account.clients, logGroup)
  await account.deploy(settings)
  const full = common(await account.deployed())
  expect(full).toEqual(common(await readOwnService(settings.environment, settings)))
  expect(full.functions.length).toBeGreaterThan(first.functions.length)
})

const LOG_GROUPS = ['rome', 'milan'].map((id) => auditLogOf(id, '').logGroup)

/** What is handed on of a log group, and to whom. */
async function subscriptionsTo(logGroupName: string) {
  const { subscriptionFilters = [] } = await account.clients.logs.send(
    new DescribeSubscriptionFiltersCommand({ logGroupName }),
  )
  return subscriptionFilters
}

test('CloudWatch Logs may hand the audit logs of EKS clusters to the webhook, and does', async () => {
  const { functions } = await account.deployed()
  const { arn, fullName } = functions.find(({ name }) => name === 'webhook')!
  const { Policy } = await account.clients.lambda.send(new GetPolicyCommand({ FunctionName: fullName }))
  for (const logGroup of LOG_GROUPS) {
    expect(await subscriptionsTo(logGroup)).toMatchObject([{ destinationArn: arn }])
    const source = `arn:aws:logs:${PLACE.region}:${PLACE.account}:log-group:${logGroup}:*`
    const may = admits(statementsOf(Policy), 'lambda:InvokeFunction', source, `logs.${PLACE.region}`)
    expect(may, source).toBe(true)
  }
})

test('stopped, no function may run any more', async () => {
  const { functions } = await account.deployed()
  expect(await stopFunctions(account.clients, STACK)).toBe(functions.length)
  for (const { fullName } of functions) {
    const concurrency = await account.clients.lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: fullName }))
    expect(concurrency.ReservedConcurrentExecutions, fullName).toBe(0)
  }
  expect(await stopFunctions(account.clients, 'heliograph-else')).toBeUndefined()
})

test('removed, nothing is left', async () => {
  const { cloudformation, sqs, cloudwatch } = account.clients
  const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: STACK }))
  expect(StackResources.length).toBeGreaterThan(first.functions.length)
  await account.remove()
  await expect(cloudformation.send(new DescribeStacksCommand({ StackName: STACK }))).rejects.toThrow('does not exist')
  expect(await account.deployed()).toEqual({ ...PLACE, functions: [], rules: [], schedules: [], pollers: [] })
  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls ?? []).toEqual([])
  expect((await cloudwatch.send(new DescribeAlarmsCommand({}))).MetricAlarms).toEqual([])
  for (const logGroup of LOG_GROUPS) expect(await subscriptionsTo(logGroup)).toEqual([])
})

test('whoever deploys speaks to nobody but loopback here: a try is an error', async () => {
  await expect(runCommand('infra/stack/main.ts', ['remove', '--stage', 'example'], '')).rejects.toThrow(
    /a connection to \S+amazonaws\.com was tried/,
  )
})
