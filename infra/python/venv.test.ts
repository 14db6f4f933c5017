import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ensurePython, findPython, isNewEnough } from './venv.ts'

let bin: string
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'heliograph-python-'))
  vi.stubEnv('PATH', bin)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(bin, { recursive: true })
})

/** A Python that says its version, and fails at everything else. */
async function python(name: string, version: string): Promise<void> {
  const script = `#!/bin/sh\n[ "$1" = -c ] && echo ${version} && exit\necho no module named venv >&2\nexit 1\n`
  await writeFile(join(bin, name), script)
  await chmod(join(bin, name), 0o755)
}

test.each([
  ['3.11.0', true],
  ['3.14.0rc1', true],
  ['4.0.0', true],
  ['3.10.14', false],
  ['2.7.18', false],
])('%s is new enough: %s', (version, want) => expect(isNewEnough(version)).toBe(want))

test('the first Python that is new enough is taken, whatever comes before it', async () => {
  await python('python3', '3.9.18')
  await python('python3.12', '3.12.1')
  expect(await findPython()).toEqual({ command: 'python3.12', version: '3.12.1' })
})

test('without one the error says what is there and what is needed', async () => {
  await expect(findPython()).rejects.toThrow('need Python 3.11 or newer: there is none on the PATH')
  await python('python3', '3.9.18')
  await expect(findPython()).rejects.toThrow('python3 is 3.9.18. Install it with venv and pip')
})

test('without venv the error names the package, in the words of Python too', async () => {
  await python('python3', '3.13.2')
  await expect(ensurePython(bin)).rejects.toThrow(/apt install python3-venv.*no module named venv/s)
})
