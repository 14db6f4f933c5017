/** What comes of a function that is killed where it stands. */
export class KilledError extends Error {
  override name = 'KilledError'
}

/** @returns whether it went through; a function that gives up is called again, as one that was killed is */
export async function isDone(part: Promise<unknown>): Promise<boolean> {
  try {
    await part
    return true
  } catch (error) {
    if (error instanceof KilledError || (error as { retry?: boolean }).retry) return false
    throw error
  }
}
