import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../local/root.ts'
import { alarmsOf } from './alarms.ts'

test('every alarm has its runbook, and no other', async () => {
  const page = await readFile(join(ROOT, 'docs', 'runbooks.md'), 'utf8')
  const headings = [...page.matchAll(/^## .*`(.+)`$/gm)].map(([, name]) => name!)
  const alarms = Object.keys(alarmsOf({})).toSorted()
  expect(alarms.length).toBeGreaterThan(3)
  // Those of the functions have one for all.
  expect(headings.toSorted()).toEqual(['<Function>ErrorsAlarm', ...alarms])
})

test('what a runbook calls an error is one', async () => {
  const page = await readFile(join(ROOT, 'docs', 'runbooks.md'), 'utf8')
  const named = [...page.matchAll(/`(\w+Error)`/g)].map(([, name]) => name!)
  const files = ['lib/cluster/errors.ts', 'lib/config/reader.ts', 'lib/aws/secrets.ts', 'lib/reflect/peering.ts']
  const more = ['lib/event/publish.ts', 'lib/handler/errors.ts']
  const source = (await Promise.all([...files, ...more].map((file) => readFile(join(ROOT, file), 'utf8')))).join()
  expect(named.length).toBeGreaterThan(8)
  expect(named.filter((name) => !source.includes(`class ${name} `))).toEqual([])
})
