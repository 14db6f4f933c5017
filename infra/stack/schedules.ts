import { allow, arnOf, logicalId, type Resource, type Resources, ref, roleFor } from './cloudformation.ts'
import type { StackFunction } from './function.ts'

/**
 * A schedule for each function that has one. A firing that Lambda does not take within its minute is given up: the next
 * one is due, and the alarm of the dead letters tells.
 */
export function schedulesOf(functions: Readonly<Record<string, StackFunction>>): Resources {
  const timed = Object.entries(functions).flatMap(([name, { every }]) => (every ? [{ name, every }] : []))
  const targets = timed.map(({ name }) => arnOf(logicalId(name, 'LambdaFunction')))
  return {
    SchedulerRole: roleFor(
      'scheduler.amazonaws.com',
      [allow(['lambda:InvokeFunction'], targets), allow(['sqs:SendMessage'], [arnOf('DeadLetters')])],
      OF_THIS_ACCOUNT,
    ),
    ...Object.fromEntries(timed.map(({ name, every }) => [logicalId(name, 'Schedule'), schedule(name, every)])),
  }
}

/** The service works for everybody: nobody else's schedules may make it take the role. */
const OF_THIS_ACCOUNT = { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } }

function schedule(name: string, every: string): Resource {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      ScheduleExpression: every,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: arnOf(logicalId(name, 'LambdaFunction')),
        RoleArn: arnOf('SchedulerRole'),
        RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 },
        DeadLetterConfig: { Arn: arnOf('DeadLetters') },
      },
    },
  }
}
