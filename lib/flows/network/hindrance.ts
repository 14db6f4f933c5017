/** Why a step of the negotiation is not done yet, or cannot be; told in the status of the NetworkConfig it is about. */
export interface Hindrance {
  /** One word, e.g. `WaitingForGateway`. */
  readonly reason: string
  /** A sentence with the remedy. */
  readonly message: string
  /** Only a person can mend it; false: it takes time. */
  readonly isFault: boolean
}

/** What became of a cluster or a pair: writes that it took, and what hinders it. */
export interface Served {
  readonly writes: number
  readonly hindrances: readonly Hindrance[]
}

export function waiting(reason: string, message: string): Hindrance {
  return { reason, message, isFault: false }
}

export function fault(reason: string, message: string): Hindrance {
  return { reason, message, isFault: true }
}
