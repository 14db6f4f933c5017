import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { licenceNotices } from './licences.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-licences-'))
})
afterAll(() => rm(dir, { recursive: true }))

async function pack(name: string, files: Record<string, string>, version = '1.0.0'): Promise<string> {
  const folder = await mkdtemp(join(dir, 'package-'))
  await mkdir(join(folder, 'dist'))
  const all = { 'package.json': JSON.stringify({ name, version, license: 'MIT' }), 'dist/index.js': '', ...files }
  await Promise.all(Object.entries(all).map(([file, text]) => writeFile(join(folder, file), text)))
  return folder
}

test('packages of one licence stand together, with notices, each once', async () => {
  const folders = [
    await pack('c', { 'LICENSE.md': 'of c' }),
    await pack('b', { LICENSE: 'shared\r\n', 'README.md': 'not this' }),
    await pack('@a/a', { 'LICENCE.txt': 'shared\n\n' }),
    await pack('d', { LICENSE: 'shared', NOTICE: 'made by d' }),
    await pack('c', { LICENSE: 'of c' }),
    await pack('c', { LICENSE: 'of c' }, '2.0.0'),
  ]
  const line = '-'.repeat(80)
  const want = [
    'This function contains code of the following packages.\n',
    '@a/a 1.0.0 (MIT)\nb 1.0.0 (MIT)\n\nshared\n',
    'c 1.0.0 (MIT)\nc 2.0.0 (MIT)\n\nof c\n',
    'd 1.0.0 (MIT)\n\nshared\n\nmade by d\n',
  ]
  expect(await licenceNotices(folders)).toBe(want.join(`\n${line}\n\n`))
  expect(await licenceNotices(folders.toReversed())).toBe(want.join(`\n${line}\n\n`))
})

test('a package without a licence text is refused, with what to do', async () => {
  const folder = await pack('@a/bare', { 'license.js': '' })
  await expect(licenceNotices([folder])).rejects.toThrow(
    'the package @a/bare 1.0.0 comes without a licence text: put the one of its repository into infra/bundle/licences/@a+bare.txt',
  )
})
