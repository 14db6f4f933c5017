import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleAll } from '../bundle.ts'
import { fixturePool } from '../local/fixtures/pool.ts'
import { ROOT } from '../local/root.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-source-maps-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** The frames of a trace that are in the project: name of the function and the text of the line. */
async function framesOf(trace: unknown): Promise<string[]> {
  const frames = (trace as string[])
    .join('\n')
    .matchAll(/at (.*?)\(?[^\s(]*?\/((?:functions|infra|lib)\/[\w/-]+\.ts):(\d+):\d+/g)
  return Promise.all(
    [...frames].map(async ([, name, file, line]) => {
      const text = await readFile(join(ROOT, file!), 'utf8')
      return `${name!.trim()} | ${text.split('\n')[Number(line) - 1]!.trim()}`
    }),
  )
}

test('an error in an invocation points at lines of TypeScript', async () => {
  const bundles = await bundleAll({ from: join(ROOT, 'infra/local/fixtures/functions'), to: join(dir, 'fixtures') })
  const worker = bundles.find(({ name }) => name === 'worker')!
  await using fixture = await fixturePool(worker.dir)
  const { value } = await fixture.work({ do: 'fail', n: 1 })
  expect(value).toMatchObject({ errorType: 'RangeError', errorMessage: 'cannot do 1' })
  expect(await framesOf(value.trace)).toEqual([expect.stringMatching(/\| throw new RangeError/)])
})

test('so does an error at init, through the modules of a real function, with the names of functions', async () => {
  const bundles = await bundleAll({ to: join(dir, 'functions') })
  const configmap = bundles.find(({ name }) => name === 'configmap')!
  await using fixture = await fixturePool(configmap.dir, { name: 'configmap' })
  const { value } = await fixture.work({})
  expect(value).toMatchObject({ errorType: 'ConfigError', errorMessage: expect.stringContaining('CLUSTERS: missing') })
  const frames = await framesOf(value.trace)
  expect(frames[0]).toMatch(/^done \| .*throw new ConfigError/)
  expect(frames[1]).toMatch(/^parseConfigFor \| return reader\.done\(/)
  expect(frames.at(-1)).toMatch(/^ ?\| export const handler/)
})
