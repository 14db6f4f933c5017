import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensurePython } from '../../infra/python/venv.ts'
import type { DeployedFunction } from './deployed.ts'

const run = promisify(execFile)

/**
 * Fetches the packages as they are deployed, and unpacks each into a folder of its own.
 * @throws Error where a package is not what the function's hash says
 */
export async function fetchPackages(functions: readonly DeployedFunction[], url: string, dir: string) {
  const python = await ensurePython()
  await mkdir(dir, { recursive: true })
  return Promise.all(
    functions.map(async ({ name, code }) => {
      const answer = await fetch(new URL(code.location, url))
      const zip = Buffer.from(await answer.arrayBuffer())
      const sha256 = createHash('sha256').update(zip).digest('base64')
      if (sha256 !== code.sha256) throw new Error(`package of ${name}: ${sha256}, and not ${code.sha256}`)
      const file = join(dir, `${name}.zip`)
      await writeFile(file, zip)
      await run(python, ['-m', 'zipfile', '-e', file, join(dir, name)])
      return { name, dir: join(dir, name) }
    }),
  )
}
