import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bundle, bundleAll, bundleTable } from './bundle.ts'

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
  expect(bundles.map(({ name }) => name)).toEqual(['broken', 'webhook', 'worker'])
  for (const bundle of bundles) expect(bundle.bytes).toBe(Buffer.byteLength(await text(bundle)))
  expect(bundleTable(bundles).split('\n')).toHaveLength(4)
})

test('the same bytes every time, wherever they are written', async () => {
  const again = await bundleAll({ from: FROM, to: join(dir, 'two') })
  expect(await Promise.all(again.map(text))).toEqual(await Promise.all(bundles.map(text)))
})

test('node:http is not imported, so that Node does not load its undici', async () => {
  const webhook = await text(named('webhook'))
  expect(webhook).toContain('getBuiltinModule("node:http")')
  expect(webhook).not.toMatch(/from"(node:)?http"/)
})

test('a CommonJS dependency that requires a built-in module runs in an ESM bundle', async () => {
  const from = join(dir, 'cjs')
  await bundleAll({ from: FROM, to: from })
  await writeFile(
    join(from, 'dependency.cjs'),
    "module.exports = require('node:path').sep + require('fs').constants.R_OK",
  )
  await writeFile(join(from, 'uses.ts'), "import it from './dependency.cjs'\nexport const handler = () => it")
  const [uses] = await bundleAll({ from, to: join(dir, 'three') })
  const { handler } = await import(join(uses?.dir ?? '', 'index.mjs'))
  expect(handler()).toBe('/4')
})
