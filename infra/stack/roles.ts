import {
  allow,
  arnOf,
  logicalId,
  type Resource,
  type Resources,
  roleFor,
  type Statement,
  sub,
} from './cloudformation.ts'
import { mayRead, referencesIn } from './environment.ts'
import type { StackFunction } from './function.ts'
import type { StackOptions } from './stack.ts'

/** A role for each function, with nothing but what it uses: its log, its queues, its secrets, and what it says itself. */
export function rolesOf(
  functions: Readonly<Record<string, StackFunction>>,
  { secretKeys = [] }: Pick<StackOptions, 'secretKeys'> = {},
): Resources {
  return Object.fromEntries(
    Object.entries(functions).map(([name, fn]): [string, Resource] => [
      logicalId(name, 'Role'),
      roleFor('lambda.amazonaws.com', statementsOf(name, fn, secretKeys)),
    ]),
  )
}

function statementsOf(name: string, { lambda, may = [] }: StackFunction, secretKeys: readonly string[]): Statement[] {
  const { destinations, events = [], environment = {}, vpc } = lambda
  const polled = events.flatMap((event) => ('sqs' in event ? [event.sqs.arn] : []))
  const own = Object.fromEntries(
    Object.entries(environment).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  )
  const secrets = referencesIn(own)
  return [
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [arnOf(logicalId(name, 'LogGroup'))]),
    ...(destinations ? [allow(['sqs:SendMessage'], [destinations.onFailure.arn])] : []),
    ...polled.map((arn) => allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [arn])),
    ...mayRead(secrets),
    ...(secrets.length > 0 && secretKeys.length > 0 ? [allow(['kms:Decrypt'], secretKeys)] : []),
    ...(vpc ? interfacesOf(name) : []),
    ...may,
  ]
}

/** As in AWSLambdaVPCAccessExecutionRole: what EC2 grants for all of them or not at all. */
const INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
]

/** Lambda makes the network interfaces with the role of the function; the function's own code has no use for that. */
function interfacesOf(name: string): Statement[] {
  const fn = `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:\${AWS::StackName}`
  return [
    allow(INTERFACES, ['*']),
    {
      Effect: 'Deny',
      Action: INTERFACES,
      Resource: ['*'],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': [sub(`${fn}-${name}`)] } },
    },
  ]
}
