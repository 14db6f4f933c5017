/**
 * Runs `work` on every item, at most `limit` at a time, in the order they come. An error stops the intake; it is thrown
 * when what had begun is done, so nothing runs on behind the caller's back.
 */
export async function forEach<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  const failures: unknown[] = []
  try {
    for await (const item of items) {
      const task: Promise<void> = work(item).then(
        () => void running.delete(task),
        (error) => {
          running.delete(task)
          failures.push(error)
        },
      )
      running.add(task)
      if (running.size >= limit) await Promise.race(running)
      if (failures.length > 0) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failures.length > 0) throw failures[0]
}
