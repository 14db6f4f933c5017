/** An event as EventBridge hands it to its targets. */
export interface BusEvent {
  version: '0'
  id: string
  'detail-type': string
  source: string
  account: string
  /** ISO 8601, whole seconds. */
  time: string
  region: string
  resources: string[]
  detail: unknown
}

/** Where the local account pretends to be. */
export interface Place {
  account: string
  region: string
}

/** Whole seconds, as EventBridge writes times. */
export const eventTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
