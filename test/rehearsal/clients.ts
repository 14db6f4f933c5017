import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { SchedulerClient } from '@aws-sdk/client-scheduler'
import { SQSClient } from '@aws-sdk/client-sqs'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'

/** Of whoever deploys: moto asks for none. */
export const CREDENTIALS = { accessKeyId: 'rehearsal', secretAccessKey: 'rehearsal' }

interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** The SDK's clients of the services that are rehearsed. */
export function clientsOf(endpoint: string, region: string, credentials: Keys = CREDENTIALS) {
  const config = { endpoint, region, credentials, maxAttempts: 1 }
  return {
    cloudformation: new CloudFormationClient(config),
    cloudwatch: new CloudWatchClient(config),
    events: new EventBridgeClient(config),
    lambda: new LambdaClient(config),
    logs: new CloudWatchLogsClient(config),
    scheduler: new SchedulerClient(config),
    // The host name in a queue's URL is AWS's.
    sqs: new SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    sts: new STSClient(config),
  }
}

export type Clients = ReturnType<typeof clientsOf>

/** Credentials of a role: what is called with them has to be allowed by its policies. */
export async function keysOfRole({ sts }: Clients, role: string): Promise<Required<Keys>> {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn: role, RoleSessionName: 'rehearsal' }))
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {}
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
}
