import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cacheDir, ensureRuntime } from './install.ts'

test('installed once, by however many at the same time, without a native part', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'heliograph-cache-'))
  try {
    const told: string[] = []
    const install = () => ensureRuntime((text) => told.push(text), cache)
    const [one, two] = await Promise.all([install(), install()])
    expect(one).toBe(two)
    expect(await install()).toBe(one)
    expect(told).toHaveLength(2)
    const [home = '', ...others] = await readdir(join(cache, 'runtime'))
    expect(others).toEqual([])
    const files = await readdir(join(cache, 'runtime', home), { recursive: true })
    expect(files).toContain('node_modules/aws-lambda-ric/index.mjs')
    expect(files.filter((file) => file.endsWith('.node'))).toEqual([])
  } finally {
    await rm(cache, { recursive: true })
  }
})

test.each([
  { env: { HELIOGRAPH_CACHE: '/a', XDG_CACHE_HOME: '/b' }, want: /^\/a$/ },
  { env: { HELIOGRAPH_CACHE: '', XDG_CACHE_HOME: '/b' }, want: /^\/b\/heliograph$/ },
  { env: {}, want: /\/\.cache\/heliograph$/ },
])('cache folder for $env', ({ env, want }) => {
  expect(cacheDir(env)).toMatch(want)
})
