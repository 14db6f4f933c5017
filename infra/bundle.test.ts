import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Bundle, bundleAll, bundleTable } from './bundle.ts'

// A busy machine bundles in seconds rather than in a few hundred milliseconds.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let dir: string
let bundles: Bundle[]
const FROM = join(import.meta.dirname, 'local/fixtures/functions')
const text = (bundle: Bundle | undefined) => readFile(join(bundle?.dir ?? '', 'index.mjs'), 'utf8')
const named = (name: string) => bundles.find((bundle) => bundle.name === name)

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-bundle-'))
  bundles = await bundleAll({ from: FROM, to: join(dir, 'one') })
})
afterAll(() => rm(dir, { recursive: true }))

test('one bundle for each function, with its size', async () => {
  expect(bundles.map(({ name }) => name)).toEqual(['broken', 'follower', 'streamer', 'webhook', 'worker'])
  for (const bundle of bundles) expect(bundle.bytes).toBe(Buffer.byteLength(await text(bundle)))
  expect(bundleTable(bundles).split('\n')).toHaveLength(6)
})

test('the same bytes every time, wherever they are written', async () => {
  const again = await bundleAll({ from: FROM, to: join(dir, 'two') })
  expect(await Promise.all(again.map(text))).toEqual(await Promise.all(bundles.map(text)))
})

test('a function that is gone is removed', async () => {
  const to = join(dir, 'gone')
  await mkdir(join(to, 'former'), { recursive: true })
  await bundleAll({ from: FROM, to })
  expect((await readdir(to)).sort()).toEqual(['broken', 'follower', 'streamer', 'webhook', 'worker'])
})

test('node:http is not imported, so that Node does not load its undici', async () => {
  const webhook = await text(named('webhook'))
  expect(webhook).toContain('getBuiltinModule("node:http")')
  expect(webhook).not.toMatch(/from"(node:)?http"/)
})

test('a CommonJS dependency that requires a built-in module runs in an ESM bundle', async () => {
  const from = await mkdtemp(join(dir, 'cjs-'))
  await writeFile(
    join(from, 'dependency.cjs'),
    "module.exports = require('node:path').sep + require('fs').constants.R_OK",
  )
  await writeFile(join(from, 'uses.ts'), "import it from './dependency.cjs'\nexport const handler = () => it")
  const [uses] = await bundleAll({ from, to: join(dir, 'three') })
  const { handler } = await import(join(uses?.dir ?? '', 'index.mjs'))
  expect(handler()).toBe('/4')
})

test('of client-node only what is used is in a bundle; what is left out says so when it is used', async () => {
  const from = join(import.meta.dirname, 'local/fixtures/kubeconfig')
  const [bundle] = await bundleAll({ from, to: join(dir, 'four') })
  expect(bundle?.bytes).toBeLessThan(100 * 1024)
  const { handler } = await import(join(bundle?.dir ?? '', 'index.mjs'))
  const cluster = { name: 'c', cluster: { server: 'https://a', 'insecure-skip-tls-verify': true } }
  const context = { name: 'x', context: { cluster: 'c', user: 'u' } }
  const users = [{ name: 'u', user: { token: 't' } }]
  const text = JSON.stringify({ clusters: [cluster], contexts: [context], users, 'current-context': 'x' })
  expect(await handler({ text })).toBe('https://a')
  await expect(handler({ text, connect: true })).rejects.toThrow('is not part of this bundle')
})
