import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleAll } from '../bundle.ts'
import { ROOT } from '../local/root.ts'
import { ensurePython } from '../python/venv.ts'
import type { Resource } from './cloudformation.ts'
import { mayRead, referencesIn } from './environment.ts'
import { functionsOf } from './functions.ts'
import { readSettings, settingsFile } from './settings.ts'

const run = promisify(execFile)

let dir: string
let python: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-package-'))
  python = await ensurePython()
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const stages = [
  { stage: 'example', file: settingsFile('example') },
  { stage: 'full', file: join(import.meta.dirname, 'fixtures', 'full.yml') },
]

test.each(stages)('stage $stage is packaged, and cfn-lint has nothing to say', async ({ stage, file }) => {
  const to = join(dir, stage)
  const args = ['package', '--stage', stage, '--param', `settings=${file}`, '--package', to]
  await run(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { cwd: ROOT })
  const template = join(to, 'cloudformation-template-update-stack.json')
  const said = await run(join(dirname(python), 'cfn-lint'), ['--template', template]).catch((error) => error)
  expect(said.stdout).toBe('')

  const { Resources } = JSON.parse(await readFile(template, 'utf8')) as { Resources: Record<string, Resource> }
  const lambdas = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function')
  const zips = (await readdir(to)).filter((name) => name.endsWith('.zip'))
  expect(zips).toHaveLength(lambdas.length)
  // CloudFormation takes 500; settings of a few more clusters must fit.
  expect(Object.keys(Resources).length).toBeLessThan(300)
})

test('a function may do on AWS what its code does, and all of it', async () => {
  const functions = functionsOf(await readSettings(stages[1]!.file))
  const bundles = new Map((await bundleAll()).map(({ name, dir }) => [name, dir]))
  for (const [name, { bundle, lambda, may = [] }] of Object.entries(functions)) {
    const code = await codeIn(bundles.get(bundle)!)
    const calls = CALLS.filter(({ sign }) => code.includes(sign))
    const rights = [...may, ...mayRead(referencesIn(textsOf(lambda.environment)))].flatMap(({ Action }) => Action)
    // Which of the two services keeps the secrets is up to the settings.
    for (const right of rights)
      expect([name, calls.flatMap(({ action }) => action)]).toEqual([name, expect.arrayContaining([right])])
    for (const { action } of calls) expect([name, rights.some((right) => action.includes(right))]).toEqual([name, true])
  }
})

/** All of a function, what it loads later included. */
async function codeIn(dir: string): Promise<string> {
  const files = (await readdir(dir)).filter((file) => file.endsWith('.mjs'))
  return (await Promise.all(files.map((file) => readFile(join(dir, file), 'utf8')))).join('\n')
}

/** Calls of AWS by what stands for them in the code, and the rights that they need. */
const CALLS = [
  { sign: 'PutEvents', action: ['events:PutEvents'] },
  { sign: 'AmazonSQS', action: ['sqs:SendMessage'] },
  { sign: 'GetSecretValue', action: ['secretsmanager:GetSecretValue', 'ssm:GetParameter'] },
]

const textsOf = (environment: object = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => typeof value === 'string'))

test('what is wrong with a stage is told before anything is done', async () => {
  const args = [join(import.meta.dirname, 'main.ts'), 'deploy', '--stage', 'nowhere']
  const { code, stderr } = await run(process.execPath, args).catch((error) => error)
  expect([code, stderr]).toEqual([
    1,
    'stages/nowhere.yml has 1 problem(s):\n  - it does not exist; copy stages/example.yml there and fill it in\n',
  ])
})
