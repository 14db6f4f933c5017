import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Bundle, bundleAll } from '../bundle.ts'
import { ROOT } from '../local/root.ts'
import { packageFolder } from './contents.ts'
import { partsTable } from './tables.ts'

// A busy machine bundles in seconds rather than in one.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let dir: string
let bundles: Bundle[]
const NAMES = (await readdir(join(ROOT, 'functions'))).map((file) => file.replace(/\.ts$/, ''))

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-functions-'))
  bundles = await bundleAll({ to: join(dir, 'dist') })
})
afterAll(() => rm(dir, { recursive: true }))

const named = (name: string) => bundles.find((bundle) => bundle.name === name)!

describe('size', () => {
  /** KB that the cold start of a kind's function may load. */
  const KIND = 96
  /** Of those that put on a bus or a queue: they have a client of the AWS SDK. */
  const PUTS: Record<string, number> = { webhook: 420, node: 420 }
  /** Beyond KIND, just above what is there, as docs/bundles.md explains. */
  const BEYOND: Record<string, number> = {
    network: 125,
    endpointslice: 120,
    pod: 145,
    namespace: 158,
    sweep: 200,
  }
  /** The YAML parser, for kubeconfigs that are not JSON; credentials of each way. */
  const LATER = 130

  test.each(NAMES)('%s', (name) => {
    const bundle = named(name)
    const { start, later } = bundle
    const budget = PUTS[name] ?? BEYOND[name] ?? KIND
    expect(start.bytes / 1024, partsTable(bundle)).toBeLessThanOrEqual(budget)
    expect(later.bytes / 1024, partsTable(bundle)).toBeLessThanOrEqual(LATER)
    const parts = Object.keys({ ...start.parts, ...later.parts })
    expect(parts.some((part) => part.startsWith('@aws-sdk/client-'))).toBe(name in PUTS)
  })

  test('of client-node only the reading of a kubeconfig is in them, later, at most 3 KB', () => {
    for (const { start, later } of bundles) {
      expect(start.parts).not.toHaveProperty('@kubernetes/client-node')
      expect(later.parts['@kubernetes/client-node'] ?? 0).toBeLessThan(3 * 1024)
    }
  })
})

/** Modules with code in a bundle, from ROOT, by its source maps, which know nothing of the metafile. */
async function modulesOf({ dir }: Bundle): Promise<string[]> {
  const maps = (await readdir(dir)).filter((file) => file.endsWith('.map'))
  const sources = await Promise.all(
    maps.map(async (file) => JSON.parse(await readFile(join(dir, file), 'utf8')).sources as string[]),
  )
  return sources.flat().map((path) => path.replace('../../', ''))
}

describe('configuration', () => {
  const CHECKED = [
    { uses: 'lib/policy/plan.ts', check: 'lib/config/plan-check.ts', by: ['endpointslice', 'pod', 'network'] },
    { uses: 'lib/kinds/pod/scheduling.ts', check: 'lib/config/pods-check.ts', by: ['pod', 'namespace', 'sweep'] },
  ]

  // The webhook has the kinds for their triggers, and reflects nothing.
  test.each(CHECKED)('who reflects with $uses has $check, and nobody else', async ({ uses, check, by }) => {
    const modules = await Promise.all(
      bundles.map(async (bundle) => ({ name: bundle.name, has: await modulesOf(bundle) })),
    )
    const reflecting = modules.filter(({ has }) => has.includes('lib/peerings.ts'))
    const having = (path: string) => reflecting.filter(({ has }) => has.includes(path)).map(({ name }) => name)
    expect(having(check)).toEqual(having(uses))
    expect(having(uses)).toEqual(expect.arrayContaining(by))
  })
})

describe('licences', () => {
  test.each(NAMES)('%s names every package in it, with its version and the text', async (name) => {
    const bundle = named(name)
    const notices = await readFile(join(bundle.dir, 'LICENSES.txt'), 'utf8')
    const packages = new Set((await modulesOf(bundle)).flatMap((path) => packageFolder(path) ?? []))
    expect([...packages]).toContain('node_modules/zod')
    for (const folder of packages) {
      const { name, version } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
      expect(notices).toMatch(new RegExp(`^${name} ${version} \\(.+\\)$`, 'm'))
      const text = await readFile(join(ROOT, folder, 'LICENSE'), 'utf8').catch(() => 'MIT License')
      expect(notices).toContain(text.replaceAll('\r\n', '\n').trim())
    }
  })
})

test('the same bytes in another folder, from another folder', async () => {
  const copy = join(dir, 'elsewhere')
  await mkdir(join(copy, 'node_modules'), { recursive: true })
  for (const part of ['functions', 'infra', 'lib', 'package.json', 'tsconfig.json']) {
    await cp(join(ROOT, part), join(copy, part), { recursive: true })
  }
  await copyPackages(copy)
  await promisify(execFile)(process.execPath, [join(copy, 'infra/bundle.ts')], { cwd: tmpdir() })
  for (const { name, dir: here } of bundles) {
    const there = join(copy, 'dist', name)
    const files = await readdir(here)
    expect(await readdir(there)).toEqual(files)
    for (const file of files) {
      const [one, other] = await Promise.all([readFile(join(here, file)), readFile(join(there, file))])
      expect(one.equals(other), `${name}/${file}`).toBe(true)
    }
  }
})

/** What functions are made of, as npm ci would put it there; the bundler itself may stay where it is. */
async function copyPackages(to: string): Promise<void> {
  // Declarations, and what client-node has generated from the API: no function reaches it.
  const filter = (path: string) => !/\.d\.[cm]?ts$|client-node\/(dist\/gen|node_modules)\//.test(path)
  for (const name of await dependencies()) {
    const folder = join('node_modules', name)
    await cp(join(ROOT, folder), join(to, folder), { recursive: true, filter })
  }
  for (const tool of ['esbuild', '@esbuild']) {
    await symlink(join(ROOT, 'node_modules', tool), join(to, 'node_modules', tool))
  }
}

/** Names of all dependencies, but of client-node's own, which no function has. */
async function dependencies(): Promise<Set<string>> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'))
  const names = new Set(Object.keys(lock.packages[''].dependencies))
  // A set that grows is walked to its end.
  for (const name of names) {
    if (name === '@kubernetes/client-node') continue
    for (const next of Object.keys(lock.packages[`node_modules/${name}`].dependencies ?? {})) names.add(next)
  }
  return names
}
