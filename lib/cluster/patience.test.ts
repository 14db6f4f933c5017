import { expect, test } from 'vitest'
import { ForbiddenError, UnreachableError } from './errors.ts'
import { withPatience } from './patience.ts'
import type { Cluster } from './port.ts'
import { CONFIGMAP } from './resources.ts'

/** Answers in turn; `pages` of a list are asked one by one. */
function cluster(answers: (Error | 'fine')[]): { cluster: Cluster; asked(): number } {
  let asked = 0
  const answer = async () => {
    const next = answers[asked++ % answers.length]
    if (next instanceof Error) throw next
  }
  return {
    asked: () => asked,
    cluster: withPatience({
      id: 'milan',
      get: async () => void (await answer()) as undefined,
      apply: async (_, object) => answer().then(() => object),
      delete: async () => answer().then(() => true),
      async *list() {
        for (;;) {
          await answer()
          yield []
        }
      },
    }),
  }
}

const silent = new UnreachableError('milan', 'time-out')
const ref = { name: 'a', namespace: 'shop' }

test('a cluster that does not answer is asked four times, and then given up', async () => {
  const { cluster: milan, asked } = cluster([silent])
  const asks = [
    () => milan.get(CONFIGMAP, ref),
    () => milan.delete(CONFIGMAP, ref, 'unread'),
    () => milan.apply(CONFIGMAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref }),
    () => milan.list(CONFIGMAP)[Symbol.asyncIterator]().next(),
  ]
  for (const ask of asks) await expect(ask()).rejects.toBe(silent)
  for (const ask of asks) await expect(ask()).rejects.toThrow('given up: 4 requests had no answer')
  expect(asked()).toBe(4)
})

test.each([
  { name: 'an answer in between', answers: [silent, silent, silent, 'fine' as const] },
  { name: 'a refusal, which is an answer', answers: [silent, silent, silent, new ForbiddenError('milan', 'no')] },
])('$name keeps it going', async ({ answers }) => {
  const { cluster: milan, asked } = cluster(answers)
  for (let time = 0; time < 20; time++) await milan.get(CONFIGMAP, ref).catch(() => undefined)
  expect(asked()).toBe(20)
})

test('a list is as long as it was, and ends when nobody wants more', async () => {
  let ended = 0
  const milan = withPatience({
    ...cluster(['fine']).cluster,
    async *list() {
      try {
        yield* [[], []]
      } finally {
        ended++
      }
    },
  })
  expect(await Array.fromAsync(milan.list(CONFIGMAP))).toEqual([[], []])
  for await (const _ of milan.list(CONFIGMAP)) break
  expect(ended).toBe(2)
})
