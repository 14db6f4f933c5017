import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { findAssets, kubectlCommand } from './assets.ts'
import { cacheFolder } from './cache.ts'
import { goVersion, isOlder } from './go.ts'
import { withLock } from './lock.ts'

afterEach(() => vi.unstubAllEnvs())

const folderWith = async (...programs: string[]): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'assets-'))
  for (const program of programs) {
    await writeFile(join(folder, program), '#!/bin/sh\n')
    await chmod(join(folder, program), 0o755)
  }
  return folder
}

test.each([
  ['go1.26.8', '1.26.0', false],
  ['go1.26.0', '1.26.0', false],
  ['go1.26', '1.26.0', false],
  ['go1.27rc1', '1.26.0', false],
  ['go1.25.11', '1.26.0', true],
  ['go1.9', '1.26.0', true],
  ['devel go1.28-abcdef', '1.26.0', false],
])('%s against %s: older %s', (version, wanted, want) => expect(isOlder(version, wanted)).toBe(want))

test('without Go the error names both ways out', async () => {
  vi.stubEnv('PATH', '')
  const error = await goVersion(import.meta.dirname).catch((cause: Error) => cause)
  expect(error).toMatchObject({ name: 'GoError' })
  expect(String(error)).toMatch(/Go is not installed.*install Go 1\.\d+\.\d+ or newer.*CLUSTER_ROME_KUBECONFIG/s)
})

test('KUBEBUILDER_ASSETS: what is optional may lack, and is said', async () => {
  const folder = await folderWith('etcd', 'kube-apiserver', 'kubectl', 'kube-scheduler')
  vi.stubEnv('KUBEBUILDER_ASSETS', folder)
  expect(await findAssets()).toEqual({ folder, missing: ['kube-controller-manager', 'kwok'] })
  expect(await kubectlCommand()).toEqual([join(folder, 'kubectl'), []])
  await rm(folder, { recursive: true })
})

test('KUBEBUILDER_ASSETS: what is required and lacks is named', async () => {
  const folder = await folderWith('kube-apiserver', 'kubectl')
  await expect(findAssets({ KUBEBUILDER_ASSETS: folder })).rejects.toThrow(join(folder, 'etcd'))
  await rm(folder, { recursive: true })
})

test('the cache folder follows HELIOGRAPH_CACHE, then XDG_CACHE_HOME', () => {
  expect(cacheFolder({ HELIOGRAPH_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
  expect(cacheFolder({ HELIOGRAPH_CACHE: '', XDG_CACHE_HOME: '/b' })).toBe('/b/heliograph')
})

test('a lock lets one in at a time, and outlives no process', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lock-'))
  const file = join(folder, 'lock')
  // No process has this pid: it is above the largest that systems give.
  await writeFile(file, String(2 ** 30))
  let inside = 0
  const work = async () => {
    expect(++inside).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    inside--
  }
  await Promise.all([1, 2, 3].map(() => withLock(file, () => {}, work)))
  await rm(folder, { recursive: true })
})
