import type { Readable } from 'node:stream'

/** Calls `onLine` for every line of a text stream, and for an unfinished last one. Linear in the length of a line. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let parts: string[] = []
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const pieces = chunk.split('\n')
    const last = pieces.pop() ?? ''
    for (const piece of pieces) {
      onLine(parts.length > 0 ? parts.join('') + piece : piece)
      parts = []
    }
    if (last) parts.push(last)
  })
  stream.on('end', () => {
    if (parts.length > 0) onLine(parts.join(''))
  })
}
