import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** Lies in folders that were made here: what is in them may be removed. */
const MARK = '.made-by-heliograph'

/** Name of the folder that a start uses unless told. */
const USUAL = '.heliograph'

/** The folder holds what is not of an earlier start. */
export class FolderError extends Error {
  override name = 'FolderError'
}

/**
 * Makes the folder, or empties it where an earlier start has made it.
 * @throws FolderError where something else is there, which stays
 */
export async function emptied(dir: string): Promise<void> {
  const found = await readdir(dir).catch(({ code }: NodeJS.ErrnoException): string[] => {
    if (code === 'ENOENT') return []
    throw new FolderError(`--dir: ${dir} is no folder to write to (${code}); give another`)
  })
  if (found.length > 0 && !found.includes(MARK) && basename(dir) !== USUAL) {
    throw new FolderError(`--dir: ${dir} holds something else, which would be lost; give an empty or a new folder`)
  }
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, MARK), '')
}
