/** A pattern that EventBridge refuses when the rule is made. Says which rule, where in it, and why. */
export class PatternError extends Error {
  override name = 'PatternError'
  /** Dotted path in the pattern, e.g. `detail.kind`. */
  readonly path: string
  constructor(rule: string, path: string, reason: string) {
    super(`rule ${rule}: invalid event pattern at ${path || 'the top'}: ${reason}`)
    this.path = path
  }
}

/** Refuses: never returns. */
export type Refuse = (reason: string) => never
