import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Statement } from './cloudformation.ts'
import { functionsOf } from './functions.ts'
import { rolesOf } from './roles.ts'
import { parseSettings } from './settings.ts'
import { stackOf } from './stack.ts'

const settings = parseSettings(await readFile(join(import.meta.dirname, 'fixtures/full.yml'), 'utf8'), 'full.yml')
const functions = functionsOf(settings)
const roles = rolesOf(functions, settings)

const statementsIn = (properties: Readonly<Record<string, unknown>>) =>
  (properties.Policies as { PolicyDocument: { Statement: Statement[] } }[])[0]!.PolicyDocument.Statement

const rights = (role: string) =>
  statementsIn(roles[role]!.Properties).flatMap(({ Effect, Action }) => (Effect === 'Allow' ? Action : []))

test('each function has a role of its own', () => {
  const used = Object.values(stackOf(settings).functions).map(({ role }) => JSON.stringify(role))
  expect(new Set(used).size).toBe(Object.keys(functions).length)
  expect(Object.keys(roles)).toHaveLength(used.length)
})

test('no right is a wildcard, and none is on everything but what EC2 grants on nothing less', () => {
  for (const { Properties } of Object.values(roles)) {
    for (const { Action, Resource } of statementsIn(Properties)) {
      expect(Action.join()).not.toContain('*')
      if (Resource.includes('*')) expect(Action[0]).toMatch(/^ec2:/)
    }
  }
})

test.each([
  { role: 'WebhookRole', want: ['logs', 'ssm:GetParameter', 'kms:Decrypt', 'events:PutEvents'] },
  { role: 'ConfigmapRole', want: ['logs', 'sqs:SendMessage', 'secretsmanager:GetSecretValue', 'kms:Decrypt', 'ec2'] },
  {
    role: 'NodeRole',
    want: [
      'logs',
      'sqs:SendMessage',
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'secretsmanager:GetSecretValue',
      'kms:Decrypt',
      'ec2',
    ],
  },
])('$role may do what its function does', ({ role, want }) => {
  const short = rights(role).map((action) => action.replace(/^(logs|ec2):.*/, '$1'))
  expect([...new Set(short)]).toEqual(want)
})

test('nobody reads secrets of callers but who is called, and nobody who is called from outside reaches a cluster unasked', () => {
  const secretsOf = (role: string) =>
    statementsIn(roles[role]!.Properties).flatMap(({ Action, Resource }) =>
      /GetSecretValue|GetParameter/.test(Action[0]!) ? JSON.stringify(Resource) : [],
    )
  expect(secretsOf('WebhookRole').join()).toContain('webhook-token')
  expect(secretsOf('WebhookRole').join()).not.toMatch(/milan|turin|kubelet/)
  expect(secretsOf('NamespaceRole').join()).toMatch(/milan.*turin/)
  expect(secretsOf('NamespaceRole').join()).not.toMatch(/webhook-token|kubelet/)
  expect(secretsOf('ConfigmapRole').join()).not.toContain('turin')
  expect(secretsOf('ConfigmapUnderscoreromeUnderscoreturinRole').join()).not.toContain('milan')
  expect(secretsOf('KubeletRole').join()).toMatch(/kubelet-client-ca.*milan.*turin/)
})

test('by the example the function that the internet reaches reads no credential of a cluster', async () => {
  const text = await readFile(join(import.meta.dirname, '..', '..', 'stages', 'example.yml'), 'utf8')
  const example = parseSettings(text, 'example.yml')
  const { WebhookRole } = rolesOf(functionsOf(example), example)
  const read = statementsIn(WebhookRole!.Properties).filter(({ Action }) => /GetSecretValue/.test(Action.join()))
  expect(read.flatMap(({ Resource }) => Resource)).toEqual(
    ['rome', 'milan'].map((id) => ({
      'Fn::Sub': expect.stringMatching(new RegExp(`:heliograph/${id}-webhook-\\?{6}$`)),
    })),
  )
})

test('the role of the schedules is taken for schedules of this account only', () => {
  const { SchedulerRole } = stackOf(settings).resources.Resources
  expect(SchedulerRole?.Properties.AssumeRolePolicyDocument).toMatchObject({
    Statement: [{ Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } } }],
  })
})
