import { isUsageError } from '../arguments.ts'
import { SettingsError } from './settings.ts'

/** What a person can do about an error of a command: without a stack, unless it is a defect of ours. */
export function explain(error: unknown): string {
  const { name, message, stack } = error as Error
  if (error instanceof SettingsError || isUsageError(error)) return message
  if (name === 'CredentialsProviderError') return `${message}; set AWS_PROFILE, or what else the AWS CLI takes`
  return '$metadata' in (error as object) ? `${name}: ${message}` : String(stack ?? error)
}
