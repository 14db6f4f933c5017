/** Progress of a long step on stderr: one line that is updated on a terminal, a line every 10 s elsewhere. */
export interface Progress {
  /** What is happening now, as in `compiling 812/2795 packages`. */
  show(state: string): void
  /** Ends the line. */
  done(state: string): void
}

const everyMs = 10_000

/** `label` stands before each state; the elapsed seconds stand behind it. */
export const startProgress = (label: string, stream: NodeJS.WriteStream = process.stderr): Progress => {
  const start = performance.now()
  let state = ''
  let printed = Number.NEGATIVE_INFINITY
  const line = () => `${label}: ${state} (${Math.round((performance.now() - start) / 1000)} s)`
  const paint = () => {
    if (stream.isTTY) stream.write(`\r\u001b[K${line()}`)
    else if (performance.now() - printed >= everyMs) {
      printed = performance.now()
      stream.write(`${line()}\n`)
    }
  }
  const timer = setInterval(paint, stream.isTTY ? 500 : 1000)
  timer.unref()
  return {
    show: (next) => {
      state = next
      paint()
    },
    done: (last) => {
      clearInterval(timer)
      state = last
      stream.write(stream.isTTY ? `\r\u001b[K${line()}\n` : `${line()}\n`)
    },
  }
}
