import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleAll } from '../bundle.ts'
import { fixturePool } from '../local/fixtures/pool.ts'
import { ROOT } from '../local/root.ts'
import { readOwnService } from '../local/service/own.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-source-maps-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** The source lines of a trace that are in the project: `lib/config/reader.ts:14:5` to the text there. */
async function linesOf(trace: unknown): Promise<string[]> {
  const frames = (trace as string[]).join('\n').matchAll(/\b((?:functions|infra|lib)\/[\w/-]+\.ts):(\d+):\d+/g)
  return Promise.all(
    [...frames].map(async ([, file, line]) => {
      const text = await readFile(join(ROOT, file!), 'utf8')
      return text.split('\n')[Number(line) - 1]!.trim()
    }),
  )
}

/** What serverless.yml tells Node. */
async function environment() {
  const settings = { CLUSTERS: 'rome,milan', PEERINGS: 'rome:milan', CLUSTER_ROME_WEBHOOK_TOKEN: 'token' }
  const { functions } = await readOwnService(settings)
  return { NODE_OPTIONS: functions[0]!.environment.NODE_OPTIONS! }
}

test('an error in an invocation points at lines of TypeScript', async () => {
  const bundles = await bundleAll({ from: join(ROOT, 'infra/local/fixtures/functions'), to: join(dir, 'fixtures') })
  const worker = bundles.find(({ name }) => name === 'worker')!
  await using fixture = await fixturePool(worker.dir, { environment: await environment() })
  const { value } = await fixture.work({ do: 'fail', n: 1 })
  expect(value).toMatchObject({ errorType: 'RangeError', errorMessage: 'cannot do 1' })
  expect(await linesOf(value.trace)).toEqual([expect.stringMatching(/^throw new RangeError/)])
})

test('so does an error at init, through the modules of a real function', async () => {
  const bundles = await bundleAll({ to: join(dir, 'functions') })
  const configmap = bundles.find(({ name }) => name === 'configmap')!
  await using fixture = await fixturePool(configmap.dir, { name: 'configmap', environment: await environment() })
  const { value } = await fixture.work({})
  expect(value).toMatchObject({ errorType: 'ConfigError', errorMessage: expect.stringContaining('CLUSTERS: missing') })
  const lines = await linesOf(value.trace)
  expect(lines[0]).toMatch(/throw new ConfigError/)
  expect(lines.at(-1)).toMatch(/^export const handler/)
})
