import type { Readable } from 'node:stream'

/** A response as the function writes it, for who invoked it with `onStream`. */
export interface Streamed {
  /** `application/vnd.awslambda.http-integration-response` when a prelude with status and headers comes first. */
  contentType: string
  /** Destroyed by its reader when nobody wants the rest: the sandbox is then ended. */
  body: Readable
  /** Asked at the end of it: the function has failed in the middle. */
  isBroken(): boolean
}

/** Takes a streamed response, at once and once at most. Without one it becomes the payload of the invocation. */
export type OnStream = (streamed: Streamed) => void

/** Calls `then` when the reader gives the response up, rather than the function or its process ending it. */
export function whenUnwanted({ body }: Streamed, then: () => void): void {
  body.once('close', () => {
    if (!body.readableEnded && !body.errored) then()
  })
  // A process that ends in the middle: the outcome of the invocation tells.
  body.on('error', () => {})
}
