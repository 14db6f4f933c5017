/** How often and how long delivery is tried. */
export interface RetryPolicy {
  /** Retries after the first try. */
  attempts: number
  /** Age of the event in seconds, after which it is not tried again. */
  age: number
}

/** EventBridge's waits end at five minutes. */
const LONGEST = 300_000

/**
 * Wait before the next try, in ms: doubling, with jitter of a quarter either way so that what failed together does not
 * return together.
 * @param failures how many tries have failed, from 1
 * @param base the first wait, in ms
 * @param random 0..1
 */
export function backoff(failures: number, base: number, random: number): number {
  return Math.min(base * 2 ** (failures - 1), Math.max(LONGEST, base)) * (0.75 + random / 2)
}

/** Which limit ended the tries; undefined when there is another one. `age` in ms. */
export function exhausted(policy: RetryPolicy, failures: number, age: number): 'attempts' | 'age' | undefined {
  if (failures > policy.attempts) return 'attempts'
  return age > policy.age * 1000 ? 'age' : undefined
}
