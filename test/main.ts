/** `npm test`: every check of the project in turn, with its time, and one closing line with the sum. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { findAssets } from '../infra/controlplane/assets.ts'

interface Figures {
  passed: number
  failed: number
}

interface Part {
  name: string
  run(): Promise<Figures>
}

const root = join(import.meta.dirname, '..')

const bin = (name: string) => join(root, 'node_modules', '.bin', name)

/** What vitest reports. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  /** Of each file, times in ms. */
  testResults: readonly { name: string; startTime: number; endTime: number }[]
}

const slowest = (files: Report['testResults']) =>
  files
    .map(({ name, startTime, endTime }) => ({ name: relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, 5)
    .map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`)
    .join(', ')

/** One command as one check. */
const command = (name: string, program: string, ...args: string[]): Part => ({
  name,
  async run() {
    const code = await exitCode(program, args)
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 }
  },
})

/** A vitest project, counted test by test. */
const vitest = (project: string): Part => ({
  name: `vitest ${project}`,
  async run() {
    const dir = await mkdtemp(join(tmpdir(), 'heliograph-test-'))
    const file = join(dir, 'report.json')
    const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`]
    const code = await exitCode(bin('vitest'), ['run', '--project', project, ...reporters])
    const report = await readFile(file, 'utf8').catch(() => '{}')
    await rm(dir, { recursive: true, force: true })
    const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = JSON.parse(report) as Partial<Report>
    process.stdout.write(`slowest: ${slowest(testResults)}\n`)
    // A file that does not load, or an error outside any test, fails the run without failing a test.
    const failed = code === 0 ? numFailedTests : Math.max(1, numFailedTests)
    return { passed: numPassedTests, failed }
  },
})

const controlplane: Part = {
  name: 'control plane programs',
  async run() {
    await findAssets()
    return { passed: 0, failed: 0 }
  },
}

const agent = join(root, 'infra', 'gateway')

const parts: Part[] = [
  command('biome', bin('biome'), 'check', '.'),
  command('types', bin('tsc')),
  vitest('unit'),
  command('golden cases', process.execPath, join(import.meta.dirname, 'golden', 'main.ts')),
  command('agent: format', 'gofmt', '-d', agent),
  command('agent: vet', 'go', '-C', agent, 'vet', './...'),
  command('agent: tests', 'go', '-C', agent, 'test', './...'),
  controlplane,
  vitest('e2e'),
  vitest('network'),
  vitest('rehearsal'),
]

async function exitCode(program: string, args: string[]): Promise<number> {
  const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'exit')
  return (code as number | null) ?? 1
}

const total: Figures = { passed: 0, failed: 0 }
const table: string[] = []
for (const { name, run } of parts) {
  process.stdout.write(`\n== ${name}\n`)
  const start = performance.now()
  const { passed, failed } = await run()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  table.push(
    `${name.padEnd(24)} ${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ${seconds.padStart(7)} s`,
  )
  total.passed += passed
  total.failed += failed
}
process.stdout.write(`\n${table.join('\n')}\n\n${total.passed} passed, ${total.failed} failed\n`)
process.exitCode = total.failed > 0 ? 1 : 0
