/**
 * Lets so many run at once, the others in the order they came. `capacity` is asked each time: it may change as it runs.
 */
export function createPlaces(capacity: () => number) {
  let open = 0
  const waiting: (() => void)[] = []
  return async function run<T>(task: () => Promise<T>): Promise<T> {
    if (open < capacity() && waiting.length === 0) open++
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await task()
    } finally {
      open--
      // A place passes on before anyone new can take it.
      while (open < capacity() && waiting.length > 0) {
        open++
        waiting.shift()?.()
      }
    }
  }
}
