import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../support/command.ts'
import { MUTATIONS, type Mutation } from './mutations.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What the simulation needs of the repository. */
const COPIED = ['package.json', 'lib', 'test/support', 'test/simulate']
const SIMULATION = ['test/simulate/main.ts', '--quick', '--first']
/** Mutations that are tried at a time. */
const AT_ONCE = 2

type Print = (line: string) => void

/**
 * Takes each guard away in a copy of the sources and lets the simulation run on that, until it finds fault.
 * @returns whether all were noticed
 * @throws Error when a mutation no longer fits the source, or breaks the program instead of the engine
 */
export async function mutate(print: Print, mutations: readonly Mutation[] = MUTATIONS): Promise<boolean> {
  let killed = 0
  const left = mutations.values()
  const work = async () => {
    for (const mutation of left) {
      const verdict = await tryMutation(mutation)
      if (verdict) killed++
      print(`${verdict ? `killed by ${verdict}` : 'SURVIVED'}`.padEnd(50) + mutation.name)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  print(`${killed} killed, ${mutations.length - killed} survived`)
  return killed === mutations.length
}

/** @returns property and world that noticed it, e.g. `P1 in edits/12`; undefined when none did */
async function tryMutation({ name, file, find, replace }: Mutation): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'heliograph-mutation-'))
  try {
    for (const path of COPIED) await cp(join(ROOT, path), join(folder, path), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir')
    const path = join(folder, 'lib/reflect', file)
    const [before, after, ...more] = (await readFile(path, 'utf8')).split(find)
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`mutation "${name}": its text does not stand exactly once in lib/reflect/${file}`)
    }
    await writeFile(path, before + replace + after)
    const { code, output } = await runCommand(process.execPath, SIMULATION, { cwd: folder })
    const [, property, world] = /^(P\d) violated in world ([^:]+):/m.exec(output) ?? []
    if (property) return `${property} in ${world}`
    if (code !== 0) throw new Error(`mutation "${name}" breaks the program:\n${output}`)
    return undefined
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
