import type { SecretReference } from '../config/secret.ts'
import { AwsCallError, awsCall } from './call.ts'
import type { AwsKeys } from './settings.ts'

/** The text that is kept; or why there is none to be had, and whether the service may give it another time. */
export type Fetched = { text: string } | { why: string; passing: boolean; cause?: Error }

/**
 * Reads what is kept elsewhere. Loaded by the first reference: it takes nothing from the modules of the start.
 * @param endpoint instead of the service's own
 */
export async function fetchSecret(
  { service, id }: SecretReference,
  { region, keys, endpoint }: { region: string; keys: AwsKeys; endpoint?: string | undefined },
): Promise<Fetched> {
  const { target, input, textIn } = OPERATIONS[service]
  try {
    const text = textIn(await awsCall({ service, target, input: input(id), region, keys, endpoint }))
    if (typeof text === 'string') return { text }
  } catch (cause) {
    if (!(cause instanceof AwsCallError)) throw cause
    return { why: explain(cause, region, service), passing: cause.passing, cause }
  }
  return { why: 'it holds no text; store it as text, not as binary', passing: false }
}

interface Operation {
  target: string
  input(id: string): Record<string, unknown>
  textIn(answer: unknown): unknown
}

const OPERATIONS: Readonly<Record<SecretReference['service'], Operation>> = {
  secretsmanager: {
    target: 'secretsmanager.GetSecretValue',
    input: (id) => ({ SecretId: id }),
    textIn: (answer) => (answer as { SecretString?: unknown }).SecretString,
  },
  ssm: {
    target: 'AmazonSSM.GetParameter',
    input: (id) => ({ Name: id, WithDecryption: true }),
    textIn: (answer) => (answer as { Parameter?: { Value?: unknown } }).Parameter?.Value,
  },
}

/** Of what the service says, one line of a bounded length: it names users and resources, and no value. */
const LONGEST_MESSAGE = 300

function explain(
  { code, message, passing }: AwsCallError,
  region: string,
  service: SecretReference['service'],
): string {
  const said = `${code}${message && `: ${message.replace(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)}`}`
  if (passing) return `no answer in ${region} (${said}); it is tried again`
  if (/NotFound/.test(code)) return `it does not exist in ${region}; create it there, or correct the reference`
  if (!/AccessDenied/.test(code)) return said
  const right = service === 'ssm' ? 'ssm:GetParameter' : 'secretsmanager:GetSecretValue'
  return `${said}; allow ${right} on it, and kms:Decrypt on its key, to the role of this function`
}
