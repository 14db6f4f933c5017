/** Of AWS, as the Lambda runtime and the SDKs' own variables tell it; absent parts are missed only by who needs them. */
export interface AwsSettings {
  region?: string
  accessKeyId?: string
  secretAccessKey?: string
  /** Of the credentials of a role. */
  sessionToken?: string
  /** URLs that stand for the services' own, e.g. of a local stand-in. */
  endpoints: Readonly<Partial<Record<AwsService, string>>>
}

/** Services that are called. */
export type AwsService = 'secretsmanager' | 'ssm'

/** What signs. */
export interface AwsKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** A function that AWS does not run has no credentials of its own. A person has to give them; a redelivery succeeds then. */
export class AwsCredentialsError extends Error {
  readonly retry = true

  constructor(missing: string, why: string) {
    super(
      `${missing}: missing; ${why}; Lambda sets it, elsewhere export it (aws configure export-credentials --format env)`,
    )
    this.name = new.target.name
  }
}

/** @param why who needs them, for the message @throws AwsCredentialsError */
export function keysOf({ accessKeyId, secretAccessKey, sessionToken }: AwsSettings, why: string): AwsKeys {
  if (accessKeyId === undefined) throw new AwsCredentialsError('AWS_ACCESS_KEY_ID', why)
  if (secretAccessKey === undefined) throw new AwsCredentialsError('AWS_SECRET_ACCESS_KEY', why)
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}
