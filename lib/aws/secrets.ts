import type { Secret, SecretReference, SecretSettings } from '../config/secret.ts'
import { keysOf } from './settings.ts'

/** A secret cannot be read, or is not what the reference says. A person has to act; a redelivery succeeds then. */
export class SecretError extends Error {
  readonly retry = true
  /** Whether the service may answer another time; otherwise it has refused to, or there is nothing to ask it with. */
  readonly passing: boolean

  constructor(
    { variable, service, id }: SecretReference,
    why: string,
    { passing = false, cause }: { passing?: boolean; cause?: Error } = {},
  ) {
    super(`${variable}: ${service} ${id}: ${why}`, cause && { cause })
    this.name = new.target.name
    this.passing = passing
  }
}

/** Values of the environment, wherever they are kept. One for a container. */
export interface Secrets {
  /**
   * The text; a value that is no reference is itself. It is kept for as long as the settings say, and longer where the
   * service does not answer.
   * @param again whoever checks the text has just refused it: it is read anew, unless that was within the last AGAIN_MS
   * @throws SecretError naming variable and remedy, never the value
   */
  read(secret: Secret, options?: { again?: boolean }): Promise<string>
}

/**
 * Between two reads of one secret, ms, however often somebody comes with what does not match it: calls cost money, and
 * who guesses must not be able to make them.
 */
const AGAIN_MS = 10_000

interface Held {
  /** When the read began, epoch ms. */
  at: number
  text: Promise<string>
  /** The service has answered. What it did not is asked for again soon, and not at once. */
  answered: boolean
}

/** @param now epoch ms */
export function createSecrets({ aws, ttlMs }: SecretSettings, now: () => number = Date.now): Secrets {
  const held = new Map<string, Held>()

  /** Everyone who comes while it is read waits for the same read. */
  function text(reference: SecretReference, again: boolean): Promise<string> {
    const name = `${reference.service}:${reference.id}`
    const last = held.get(name)
    const life = again || last?.answered === false ? Math.min(AGAIN_MS, ttlMs) : ttlMs
    if (last && now() - last.at < life) return last.text
    const fresh: Held = { at: now(), answered: true, text: fetched(reference, aws).catch(failed) }
    held.set(name, fresh)
    return fresh.text

    /** What was read before is better than nothing while the service does not answer; what it has refused is not. */
    function failed(error: Error): Promise<string> | never {
      fresh.answered = false
      if (last && error instanceof SecretError && error.passing) return last.text
      throw error
    }
  }

  return {
    async read(secret, { again = false } = {}) {
      return typeof secret === 'string' ? secret : partOf(secret, await text(secret, again))
    },
  }
}

async function fetched(reference: SecretReference, aws: SecretSettings['aws']): Promise<string> {
  const { service, id, variable } = reference
  // An ARN says where its secret is.
  const region = /^arn:[^:]*:[^:]*:([^:]+):/.exec(id)?.[1] ?? aws.region
  if (region === undefined) throw new SecretError(reference, 'AWS_REGION is missing; set it, or give the ARN')
  const keys = keysOf(aws, `${variable} is read with it`)
  const { fetchSecret } = await import('./fetch.ts')
  const found = await fetchSecret(reference, { region, keys, endpoint: aws.endpoints[service] })
  if ('text' in found) return found.text
  throw new SecretError(reference, found.why, found)
}

function partOf(reference: SecretReference, text: string): string {
  const { key } = reference
  if (key === undefined) return text
  const value = members(text)?.[key]
  if (typeof value === 'string') return value
  throw new SecretError(reference, `it holds no JSON object with text under "${key}"; correct the key, or store it so`)
}

function members(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
