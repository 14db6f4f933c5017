import { describe, expect, test } from 'vitest'
import { exploreMappings } from './explore.ts'
import { MUTATIONS } from './mutations.ts'
import { WORLDS } from './worlds.ts'

/** Milliseconds; a loaded machine of two cores needs a part of it. */
const PATIENCE = 180_000

describe('in every order of calls, no mapping in use is lost and none is left after a sweep', () => {
  test.each(WORLDS)('$name', { timeout: PATIENCE }, async (world) => {
    const { states, failure } = await exploreMappings(world)
    expect(failure).toBeUndefined()
    expect(states).toBeGreaterThan(100)
  })
})

test.each(Object.keys(MUTATIONS))('it is noticed when %s', { timeout: PATIENCE }, async (name) => {
  const failures: string[] = []
  for (const world of WORLDS) {
    const { failure } = await exploreMappings(world, MUTATIONS[name])
    if (failure) failures.push(`${world.name}: ${failure.text}`)
    if (failure) break
  }
  expect(failures).not.toEqual([])
  // Not for a function that gives up, but for what the clusters then hold.
  expect(failures[0]).toMatch(/its copy shows .* which leads to/)
})
