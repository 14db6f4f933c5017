import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { fixedIdentity, type Identity, renewedIdentity } from './identity.ts'
import { VERSION } from './version.ts'

const MINUTE = 60_000

/** A source that counts, and a clock to move. */
function source(lifetime?: number) {
  const clock = { now: 0 }
  let made = 0
  const load = async (): Promise<Identity> => ({
    authorization: `Bearer ${++made}`,
    ...(lifetime === undefined ? {} : { expiresAt: clock.now + lifetime }),
  })
  const identity = renewedIdentity(load, () => clock.now)
  const at = async (now: number) => {
    clock.now = now
    return (await identity.current()).authorization
  }
  return { identity, at }
}

test('what does not expire is loaded once', async () => {
  const { at } = source()
  expect([await at(0), await at(1e12)]).toEqual(['Bearer 1', 'Bearer 1'])
})

test('what expires is loaded again a minute before', async () => {
  const { at } = source(60 * MINUTE)
  expect([await at(0), await at(59 * MINUTE - 1), await at(59 * MINUTE)]).toEqual(['Bearer 1', 'Bearer 1', 'Bearer 2'])
})

test('what lives shorter is kept for nine tenths', async () => {
  const { at } = source(MINUTE)
  expect([await at(0), await at(54_000 - 1), await at(54_000)]).toEqual(['Bearer 1', 'Bearer 1', 'Bearer 2'])
})

test('what is expired already is loaded for every request', async () => {
  const { at } = source(-1)
  expect([await at(0), await at(0)]).toEqual(['Bearer 1', 'Bearer 2'])
})

test('concurrent callers share one load, and one renewal of what was refused', async () => {
  const { identity } = source()
  const [first, same] = await Promise.all([identity.current(), identity.current()])
  expect(same).toBe(first)
  const [one, two] = await Promise.all([identity.renew(first), identity.renew(first)])
  expect(one).toEqual({ authorization: 'Bearer 2' })
  expect(two).toBe(one)
  // Whoever was refused with the old one finds the new one there.
  expect(await identity.renew(first)).toBe(one)
})

test('a renewal that brings the same is none', async () => {
  const identity = renewedIdentity(async () => ({ authorization: 'Bearer same' }))
  expect(await identity.renew(await identity.current())).toBeUndefined()
  expect(await fixedIdentity({}).renew({})).toBeUndefined()
})

test('a failed load is tried again by the next caller', async () => {
  let broken = true
  const identity = renewedIdentity(async () => {
    if (broken) throw new Error('broken')
    return { authorization: 'Bearer 1' }
  })
  await expect(identity.current()).rejects.toThrow('broken')
  broken = false
  expect(await identity.current()).toEqual({ authorization: 'Bearer 1' })
})

test('the version in the User-Agent is that of the package', () => {
  expect(VERSION).toBe(packageJson.version)
})
