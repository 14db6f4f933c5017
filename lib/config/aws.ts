import type { AwsSettings } from '../aws/settings.ts'
import { optional, type Reader } from './reader.ts'

/** The SDKs' own variables; nothing is missing until it is needed. */
export function readAws(reader: Reader): AwsSettings {
  const shared = reader.url('AWS_ENDPOINT_URL')
  return {
    ...optional('region', reader.text('AWS_REGION') ?? reader.text('AWS_DEFAULT_REGION')),
    ...optional('accessKeyId', reader.text('AWS_ACCESS_KEY_ID')),
    ...optional('secretAccessKey', reader.text('AWS_SECRET_ACCESS_KEY')),
    ...optional('sessionToken', reader.text('AWS_SESSION_TOKEN')),
    endpoints: {
      ...optional('secretsmanager', reader.url('AWS_ENDPOINT_URL_SECRETS_MANAGER') ?? shared),
      ...optional('ssm', reader.url('AWS_ENDPOINT_URL_SSM') ?? shared),
    },
  }
}
