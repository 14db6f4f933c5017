import type { ServerResponse } from 'node:http'
import type { Streamed } from '../runtime/stream.ts'

/** Content type of a response whose status and headers come first, as JSON, then eight zero bytes. */
const WITH_PRELUDE = 'application/vnd.awslambda.http-integration-response'
const DELIMITER = Buffer.alloc(8)

interface Head {
  statusCode: number
  headers: Record<string, string>
}

/**
 * Hands a streamed response on as it comes. When the caller goes away the rest is not read; when the function breaks
 * off, so does the answer, that no one takes it for whole.
 * @returns false when nothing was answered: the function had failed before its first byte
 */
export async function relay({ contentType, body, isBroken }: Streamed, response: ServerResponse): Promise<boolean> {
  response.once('close', () => body.destroy())
  const isPlain = contentType !== WITH_PRELUDE
  let start = Buffer.alloc(0)
  let head: Head | undefined = isPlain ? { statusCode: 200, headers: { 'content-type': contentType } } : undefined
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const begun = response.headersSent
      if (!begun) {
        start = Buffer.concat([start, chunk])
        const at = isPlain ? 0 : start.indexOf(DELIMITER)
        if (at < 0) continue
        head ??= JSON.parse(start.subarray(0, at).toString()) as Head
        begin(response, head)
      }
      const rest = begun ? chunk : start.subarray(isPlain ? 0 : start.indexOf(DELIMITER) + DELIMITER.length)
      if (rest.length > 0 && !response.write(rest)) await drained(response)
    }
    if (response.headersSent) isBroken() ? response.destroy() : response.end()
  } catch {
    // Its process has ended, or the prelude is none.
    if (response.headersSent) response.destroy()
  }
  return response.headersSent
}

/** At once: who follows a quiet stream wants to know that it has begun. */
function begin(response: ServerResponse, { statusCode, headers }: Head): void {
  response.writeHead(statusCode, headers)
  response.flushHeaders()
}

/** Or closed, in which case there is nothing more to read. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      done()
    }
    response.on('drain', go).on('close', go)
  })
}
