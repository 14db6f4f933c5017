/** Builds the agent once, as its image does (build.sh), into a cache folder named after all that it depends on. */
import { createHash } from 'node:crypto'
import { glob, readFile, rename } from 'node:fs/promises'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, makeOnce } from '../controlplane/cache.ts'
import { go, goVersion } from '../controlplane/go.ts'

const source = import.meta.dirname

/** @returns the path of the agent, built by now. @throws GoError where Go is missing, too old or fails. */
export const buildAgent = async (): Promise<string> => {
  const folder = join(cacheFolder(), 'agent')
  const agent = join(folder, await hash([await goVersion(source), platform(), arch()]))
  await makeOnce({
    label: 'agent of the internal network (built once)',
    doing: 'building it',
    folder: agent,
    complete: agent,
    async make(show) {
      show('compiling')
      let modules = 0
      const onLine = (line: string) => {
        if (line.startsWith('go: downloading ')) show(`downloading modules (${++modules})`)
      }
      const unfinished = `${agent}.${process.pid}`
      await go([unfinished], { cwd: source, script: join(source, 'build.sh'), onLine })
      await rename(unfinished, agent)
    },
  })
  return agent
}

const hash = async (settings: string[]): Promise<string> => {
  const sum = createHash('sha256').update(JSON.stringify(settings))
  const files = await Array.fromAsync(glob('{go.mod,go.sum,build.sh,**/*.go}', { cwd: source }))
  for (const file of files.sort()) sum.update(`\0${file}\0`).update(await readFile(join(source, file)))
  return sum.digest('hex').slice(0, 16)
}
