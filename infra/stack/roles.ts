import { allow, arnOf, logicalId, type Resource, type Resources, roleFor, type Statement } from './cloudformation.ts'
import { mayRead, referencesIn } from './environment.ts'
import type { StackFunction } from './functions.ts'

/** A role for each function, with nothing but what it uses: its log, its queues, its secrets, and what it says itself. */
export function rolesOf(functions: Readonly<Record<string, StackFunction>>): Resources {
  return Object.fromEntries(
    Object.entries(functions).map(([name, fn]): [string, Resource] => [
      logicalId(name, 'Role'),
      roleFor('lambda.amazonaws.com', statementsOf(name, fn)),
    ]),
  )
}

function statementsOf(name: string, { lambda, may = [] }: StackFunction): Statement[] {
  const { destinations, events = [], environment = {} } = lambda
  const polled = events.flatMap((event) => ('sqs' in event ? [event.sqs.arn] : []))
  const own = Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  )
  return [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [arnOf(logicalId(name, 'LogGroup'))]),
    ...(destinations ? [allow(['sqs:SendMessage'], [destinations.onFailure.arn])] : []),
    ...polled.map((arn) => allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [arn])),
    ...mayRead(referencesIn(own)),
    ...may,
  ]
}
