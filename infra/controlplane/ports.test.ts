import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePort } from './ports.ts'

const MANY = 120

/** Ports that another process was given, which may have ended since. */
async function othersPorts(): Promise<number[]> {
  const ports = JSON.stringify(join(import.meta.dirname, 'ports.ts'))
  const script = `import { freePort } from ${ports}
const given = []
for (let i = 0; i < ${MANY}; i++) given.push(await freePort())
console.log(JSON.stringify(given))
process.stdin.resume()`
  const running = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const first = await new Promise<string>((told) => running.child.stdout!.once('data', told))
  others.push(() => running.child.stdin!.end())
  return JSON.parse(first) as number[]
}
const others: (() => void)[] = []

test('no port is given twice, whichever process asks, nor one that a connection may get', async () => {
  const all = await Promise.all([othersPorts(), othersPorts(), othersPorts()])
  const mine: number[] = []
  for (let i = 0; i < MANY; i++) mine.push(await freePort())
  for (const end of others) end()
  const ports = [...all.flat(), ...mine]
  expect(new Set(ports).size).toBe(4 * MANY)
  expect(Math.max(...ports)).toBeLessThan(30_000)
})

test('a port that is in use is passed over', async () => {
  const port = (await freePort()) + 1
  const server = createServer()
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready))
  expect(await freePort()).not.toBe(port)
  await new Promise((closed) => server.close(closed))
})
