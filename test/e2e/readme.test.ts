import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import { ROOT } from '../../infra/local/root.ts'
import { runCommand } from '../support/command.ts'

const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

/** Every npm command in the README's text and blocks, e.g. `npm run bench`. */
const npmCommands = [...readme.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, script]) => script!)

test('every npm command of the README is a script', () => {
  expect(npmCommands.length).toBeGreaterThan(4)
  expect(npmCommands.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([])
})

test('every file that the README links to is there', async () => {
  const links = [...readme.matchAll(/\]\((?!https:)([^)#]+)\)/g)].map(([, path]) => path!)
  expect(links.length).toBeGreaterThan(0)
  for (const link of links)
    await expect(import('node:fs/promises').then((fs) => fs.stat(join(ROOT, link)))).resolves.toBeDefined()
})

test('the configuration page names every variable, and no other', async () => {
  const page = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8')
  const files = ['config.ts', ...(await readdir(join(ROOT, 'lib', 'config'))).map((file) => `config/${file}`)]
  const sources = await Promise.all(files.map((file) => readFile(join(ROOT, 'lib', file), 'utf8')))
  const source = sources.join()
  const named = [...page.matchAll(/`(?:CLUSTER_<ID>)?_?([A-Z][A-Z_]+)(?:=\w+)?`/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(30)
  // A kind's variable is made of its name.
  const isKnown = (name: string) => source.includes(name) || /^(REFLECT_)?[A-Z]+$/.test(name)
  expect(named.filter((name) => !isKnown(name))).toEqual([])
  const known = [...source.matchAll(/^ {2}'([A-Z_]{3,}[A-Z])',$/gm)].map(([, name]) => name!)
  expect(known.length).toBeGreaterThan(15)
  expect(known.filter((name) => !page.includes(name))).toEqual([])
})

let dir: string
let child: ChildProcess | undefined
let output = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-readme-'))
})
afterAll(async () => {
  child?.kill('SIGKILL')
  await rm(dir, { recursive: true, force: true })
})

const run = (command: string) => runCommand('bash', ['-c', command], { cwd: ROOT })

test('npm start shows the sample, its kubectl commands work as printed, and Ctrl-C ends all', async () => {
  child = spawn('npm', ['start', '--', '--dir', dir], { cwd: ROOT, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  child.stderr!.on('data', (chunk) => {
    output += chunk
  })
  await eventually('the hints', async () => output.includes('Ctrl-C stops everything'), 180_000)
  await eventually('the sample', async () => /service +\S*shop\/web .*created/.test(output))
  const commands = output.split('\n').flatMap((line) => /^ {2}((?:export|kubectl) .*)$/.exec(line)?.[1] ?? [])
  expect(commands.length).toBeGreaterThan(3)
  const [path, ...kubectl] = commands
  for (const command of kubectl) {
    // A copy takes a moment, so a command that looks at one is asked again.
    await eventually(command, async () => (await run(`${path} && ${command}`)).code === 0)
  }
  const ended = new Promise((done) => child!.on('close', done))
  process.kill(-child.pid!, 'SIGINT')
  await ended
  expect(output).toMatch(/everything is stopped/)
  // The bracket keeps the search from finding itself.
  const { output: left } = await run(`pgrep -f '${dir.replace('heliograph', '[h]eliograph')}' || true`)
  expect(left.trim()).toBe('')
})
