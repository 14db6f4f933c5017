import { describe, expect, test } from 'vitest'
import { choicesOf } from './choices.ts'
import { exploreAll } from './explore.ts'
import { families } from './families.ts'
import { mutate } from './mutate.ts'
import { MUTATIONS } from './mutations.ts'
import { decode, encode } from './notation.ts'
import { replay } from './replay.ts'
import { simulate } from './simulate.ts'
import { open, step } from './stage.ts'
import { keyOf, type State } from './state.ts'
import type { World } from './world.ts'

/** Milliseconds; a loaded machine of two cores needs a part of it. */
const PATIENCE = 180_000

const QUICK = families(true, 1)

function worldOf(family: string, number: number): World {
  const world = QUICK.find(({ name }) => name === family)?.worlds[number - 1]
  if (!world) throw new Error(`no world ${family}/${number}`)
  return world
}

test('the engine holds in every small world', { timeout: PATIENCE }, async () => {
  const lines: string[] = []
  const total = await simulate({ quick: true, seed: 1, only: [], first: false }, (line) => void lines.push(line))
  expect(lines.filter((line) => line.includes('violated'))).toEqual([])
  expect(total.violations).toBe(0)
  expect(total.worlds).toBeGreaterThan(300)
  expect(total.schedules).toBeGreaterThan(1e9)
  expect(total.replayed).toBeGreaterThan(100)
})

test('a removed guard is noticed', { timeout: PATIENCE }, async () => {
  const names = ['look again after a create', 'marks of the peering']
  const lines: string[] = []
  await mutate(
    (line) => void lines.push(line),
    MUTATIONS.filter(({ name }) => names.includes(name)),
  )
  expect(lines.at(-1)).toBe('2 killed, 0 survived')
})

describe('the simulation itself', () => {
  test.each([
    ['edits', 3],
    ['killed', 14],
    ['meddling', 18],
    ['meddling, killed', 18],
    ['sweep', 3],
    ['namespaces', 1],
    ['other cluster', 3],
  ])('leaves no end out by trying less: %s/%i', async (family, number) => {
    const world = worldOf(family, number)
    const [some, all] = [await endsOf(world, choicesOf), await endsOf(world, everyChoiceOf)]
    expect(some.size).toBeGreaterThan(1)
    expect([...some].toSorted()).toEqual([...all].toSorted())
  })

  test('a schedule survives being written down', async () => {
    const world = worldOf('edits', 3)
    const { stage, first } = await open(world)
    const schedule = []
    let state: State = first
    for (let [choice] = choicesOf(world, state); choice; [choice] = choicesOf(world, state)) {
      schedule.push(choice)
      state = await step(stage, state, choice)
    }
    expect(await decode(world, await encode(world, schedule))).toEqual(schedule)
    const { lines, violation } = await replay(world, schedule)
    expect(lines).toHaveLength(schedule.length)
    expect(violation).toBeUndefined()
  })

  test('counts executions', async () => {
    const world = { ...worldOf('edits', 1), functions: 1, duplicates: 0 }
    expect(await exploreAll(world)).toMatchObject({ whole: true, schedules: 1 })
  })
})

/** Contents of both clusters at the end of some execution. */
async function endsOf(world: World, choices: typeof choicesOf): Promise<Set<string>> {
  const { stage, first } = await open(world)
  const seen = new Set([keyOf(first)])
  const left = [first]
  const ends = new Set<string>()
  for (let state = left.pop(); state; state = left.pop()) {
    const possible = choices(world, state)
    if (possible.length === 0) ends.add(`${state.home.id} ${state.remote.id} ${state.lost}`)
    for (const choice of possible) {
      const next = await step(stage, state, choice)
      if (seen.has(keyOf(next))) continue
      seen.add(keyOf(next))
      left.push(next)
    }
  }
  return ends
}

function everyChoiceOf(world: World, state: State) {
  return choicesOf(world, state, false)
}
