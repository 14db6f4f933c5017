import type { AwsService, AwsSettings } from '../aws/settings.ts'
import { readAws } from './aws.ts'
import { optional, type Reader } from './reader.ts'

export const SECRETS_GLOBAL = ['SECRETS_TTL_SECONDS']

/** How what is kept elsewhere is read. */
export interface SecretSettings {
  aws: AwsSettings
  /** How long a value is used before it is read again, ms. */
  ttlMs: number
}

export function readSecretSettings(reader: Reader): SecretSettings {
  return { aws: readAws(reader), ttlMs: reader.count('SECRETS_TTL_SECONDS', 300) * 1000 }
}

/** A value of the environment, or where it is kept instead. */
export type Secret = string | SecretReference

/** `secretsmanager:<name or ARN>[#<key>]`, `ssm:<name or ARN>[#<key>]` */
export interface SecretReference {
  /** Environment variable that has it, for messages. */
  variable: string
  service: AwsService
  /** Name or ARN. */
  id: string
  /** Of the JSON object that is kept there; absent: all of the text. */
  key?: string
}

/** Names of both services, ARNs, and the versions and labels behind a parameter's name; `{function}`, as a stage has it. */
const REFERENCE = /^(secretsmanager|ssm):((?:[\w/+=.@:!-]|\{function\})+)(?:#(.+))?$/

/** An ARN of the other service, or of none. */
const isForeign = (service: string, id: string) => id.startsWith('arn:') && id.split(':')[2] !== service

const EXAMPLE = 'secretsmanager:heliograph/rome#token or ssm:/heliograph/rome/token'

/** @returns the text of the variable, or the reference that it is; undefined where it is not set */
export function readSecret(reader: Reader, variable: string): Secret | undefined {
  const text = reader.text(variable)
  return text === undefined ? undefined : toSecret(reader, variable, text)
}

/** Several, by comma. */
export function readSecrets(reader: Reader, variable: string): Secret[] {
  return reader.words(variable).map((word) => toSecret(reader, variable, word))
}

function toSecret(reader: Reader, variable: string, text: string): Secret {
  if (!/^(secretsmanager|ssm):/.test(text)) return text
  const [, service, id = '', key] = REFERENCE.exec(text) ?? []
  // The value is named nowhere: it might be a secret after all.
  if (service === undefined || isForeign(service, id))
    reader.problems.push(`${variable}: no valid reference; use e.g. ${EXAMPLE}`)
  return { variable, service: service === 'ssm' ? 'ssm' : 'secretsmanager', id, ...optional('key', key) }
}
