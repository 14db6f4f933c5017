import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bundleAll } from '../bundle.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let dir: string
let folder: string

const FUNCTION = `
class Far {
  async reach(): Promise<never> {
    await undefined
    throw new RangeError('too far')
  }
}
async function sent() {
  return await new Far().reach()
}
export const handler = async () => await sent()
`

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-traces-'))
  await mkdir(join(dir, 'from'))
  await writeFile(join(dir, 'from', 'far.ts'), FUNCTION)
  const [bundle] = await bundleAll({ from: join(dir, 'from'), to: join(dir, 'dist') })
  folder = bundle!.dir
})
afterAll(() => rm(dir, { recursive: true }))

/** The trace of the error of the function, in a process of its own. */
async function trace(): Promise<string[]> {
  const run = `const { handler } = await import(${JSON.stringify(join(folder, 'index.mjs'))})
    await handler().catch((error) => console.log(error.stack))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', run])
  return stdout.trim().split('\n')
}

test('a trace has lines of the source', async () => {
  const [head, ...frames] = await trace()
  expect(head).toBe('RangeError: too far')
  const file = String.raw`\S+/from/far\.ts`
  expect(frames.slice(0, 3)).toEqual([
    expect.stringMatching(new RegExp(`^    at reach \\(${file}:5:11\\)$`)),
    expect.stringMatching(new RegExp(`^    at async \\w+ \\(${file}:9:10\\)$`)),
    expect.stringMatching(new RegExp(`^    at async \\w+ \\(${file}:11:36\\)$`)),
  ])
})

test.each([
  { without: 'the map', file: 'index.mjs.map' },
  { without: 'what makes traces', file: 'traces.cjs' },
])('without $without it has the places of the bundle', async ({ file }) => {
  await rm(join(folder, file))
  const [head, first] = await trace()
  expect(head).toBe('RangeError: too far')
  expect(first).toMatch(/^ {4}at .*\/far\/index\.mjs:\d+:\d+/)
})
