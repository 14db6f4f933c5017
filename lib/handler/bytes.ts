import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { MalformedError, TooLargeError } from './errors.ts'

const gunzipAsync = promisify(gunzip)

/**
 * @param most bytes after decompression
 * @throws TooLargeError as soon as there are more, MalformedError when it is no gzip
 */
export async function gunzipped(data: Buffer, most: number): Promise<Buffer> {
  try {
    return await gunzipAsync(data, { maxOutputLength: most })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(most)
    throw new MalformedError('body: expected gzip', { cause })
  }
}

/** @throws TooLargeError */
export function atMost(data: Buffer, most: number): Buffer {
  if (data.length > most) throw tooLarge(most)
  return data
}

/** @throws MalformedError, without the engine's message: it quotes the body */
export function parseJson(data: Buffer | string): unknown {
  try {
    return JSON.parse(data.toString())
  } catch {
    throw new MalformedError('body: expected JSON')
  }
}

function tooLarge(most: number): TooLargeError {
  return new TooLargeError(`body: expected at most ${most} bytes`)
}
