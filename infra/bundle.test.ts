import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { type Bundle, bundleAll } from './bundle.ts'

// A busy machine bundles in seconds rather than in a few hundred milliseconds.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let dir: string
let bundles: Bundle[]
const FROM = join(import.meta.dirname, 'local/fixtures/functions')
const FILES = ['LICENSES.txt', 'index.mjs', 'index.mjs.map', 'traces.cjs', 'traces.cjs.map']
const NAMES = ['broken', 'follower', 'streamer', 'webhook', 'worker']
const text = (bundle: Bundle | undefined) => readFile(join(bundle?.dir ?? '', 'index.mjs'), 'utf8')
const named = (name: string) => bundles.find((bundle) => bundle.name === name)

/** What a function exports whose entry file has this text. */
async function built(name: string, files: Record<string, string>) {
  const from = await mkdtemp(join(dir, 'from-'))
  await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(from, file), content)))
  const [bundle] = await bundleAll({ from, to: join(dir, name) })
  return import(join(bundle?.dir ?? '', 'index.mjs'))
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-bundle-'))
  bundles = await bundleAll({ from: FROM, to: join(dir, 'one') })
})
afterAll(() => rm(dir, { recursive: true }))

test('one bundle for each function, with its size and what it is made of', async () => {
  expect(bundles.map(({ name }) => name)).toEqual(NAMES)
  for (const { start, later, ...bundle } of bundles) {
    expect(start.bytes).toBe(Buffer.byteLength(await text({ start, later, ...bundle })))
    expect(Object.values(start.parts).reduce((sum, bytes) => sum + bytes)).toBe(start.bytes)
    const traces = await readFile(join(bundle.dir, 'traces.cjs'))
    expect(later).toEqual({ bytes: traces.length, parts: { '': traces.length } })
  }
  expect(named('worker')?.start.parts).toEqual({ '': named('worker')?.start.bytes })
  expect(named('webhook')?.start.parts).toMatchObject({ '@aws-sdk/client-eventbridge': expect.any(Number) })
})

test('what is gone is removed, a function or a file of one', async () => {
  const to = join(dir, 'gone')
  await mkdir(join(to, 'former'), { recursive: true })
  await mkdir(join(to, 'worker'))
  await writeFile(join(to, 'worker', 'former.mjs'), '')
  await bundleAll({ from: FROM, to })
  expect((await readdir(to)).sort()).toEqual(NAMES)
  expect((await readdir(join(to, 'worker'))).sort()).toEqual(FILES)
})

test('what is the same is left untouched, and what is not is replaced', async () => {
  const to = join(dir, 'again')
  await bundleAll({ from: FROM, to })
  const [code, licences] = [join(to, 'worker', 'index.mjs'), join(to, 'worker', 'LICENSES.txt')]
  const [before, text] = [await stat(code), await readFile(licences, 'utf8')]
  await writeFile(licences, 'spoiled')
  await bundleAll({ from: FROM, to })
  expect((await stat(code)).mtimeMs).toBe(before.mtimeMs)
  expect(await readFile(licences, 'utf8')).toBe(text)
})

test('no functions, no bundles', async () => {
  const from = await mkdtemp(join(dir, 'none-'))
  expect(await bundleAll({ from, to: join(dir, 'nothing') })).toEqual([])
})

test('node:http is not imported, so that Node does not load its undici', async () => {
  const webhook = await text(named('webhook'))
  expect(webhook).toContain('getBuiltinModule("node:http")')
  expect(webhook).not.toMatch(/from"(node:)?http"/)
})

test('a CommonJS dependency that requires a built-in module runs in an ESM bundle', async () => {
  const { handler } = await built('commonjs', {
    'dependency.cjs': "module.exports = require('node:path').sep + require('fs').constants.R_OK",
    'uses.ts': "import it from './dependency.cjs'\nexport const handler = () => it",
  })
  expect(handler()).toBe('/4')
})

test('errors keep their names in minified code', async () => {
  const { handler } = await built('names', {
    'uses.ts': `
      abstract class FirstError extends Error {
        constructor(message: string) { super(message); this.name = new.target.name }
      }
      class SecondError extends FirstError {}
      export const handler = () => String(new SecondError('x'))`,
  })
  expect(handler()).toBe('SecondError: x')
})

const KUBECONFIG = {
  clusters: [{ name: 'c', cluster: { server: 'https://a', 'insecure-skip-tls-verify': true } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  users: [{ name: 'u', user: { token: 't' } }],
  'current-context': 'x',
}

test('what is imported when needed is a file of its own, and is not loaded before', async () => {
  const [bundle] = await bundleAll({ from: join(import.meta.dirname, 'local/fixtures/kubeconfig'), to: join(dir, 'k') })
  const folder = bundle?.dir ?? ''
  const later = ['lib+cluster+exec.mjs', 'lib+cluster+kubeconfig.mjs', 'yaml.mjs']
  expect((await readdir(folder)).sort()).toEqual([...FILES, ...later, ...later.map((file) => `${file}.map`)].sort())
  const codes = await Promise.all([...later, 'traces.cjs'].map((file) => readFile(join(folder, file))))
  expect(bundle?.later).toEqual({
    bytes: codes.reduce((sum, { length }) => sum + length, 0),
    parts: { '': expect.any(Number), yaml: expect.any(Number), '@kubernetes/client-node': expect.any(Number) },
  })
  expect(bundle?.start.parts).not.toHaveProperty('yaml')
  const yaml = await readFile(join(folder, 'yaml.mjs'), 'utf8')

  await rm(join(folder, 'yaml.mjs'))
  const { handler } = await import(join(folder, 'index.mjs'))
  expect(await handler({ kubeconfig: JSON.stringify(KUBECONFIG) })).toBe('https://a')
  await writeFile(join(folder, 'yaml.mjs'), yaml)
  expect(await handler({ kubeconfig: stringify(KUBECONFIG) })).toBe('https://a')
})
