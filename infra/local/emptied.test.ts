import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptied, FolderError } from './emptied.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heliograph-emptied-'))
})
afterAll(() => rm(dir, { recursive: true }))

test('what an earlier start has left is removed', async () => {
  const own = join(dir, 'own', 'run')
  await emptied(own)
  await writeFile(join(own, 'log'), 'x')
  await emptied(own)
  expect(await readdir(own)).not.toContain('log')
})

test('what is somebody else’s stays, folder or file', async () => {
  const file = join(dir, 'theirs')
  await writeFile(file, 'x')
  await expect(emptied(file)).rejects.toThrow(FolderError)
  await expect(emptied(dir)).rejects.toThrow('holds something else')
  expect(await readFile(file, 'utf8')).toBe('x')
})
