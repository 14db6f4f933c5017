import * as e from './edits.ts'
import type { Edit } from './past.ts'
import { homeScripts, randomScript } from './scripts.ts'
import { pick, randomFrom } from './seed.ts'
import type { World } from './world.ts'

/** Worlds of one sort. `random`: too large for every execution, so some are drawn. */
export interface Family {
  name: string
  worlds: readonly World[]
  random?: number
}

type Rest = Omit<World, 'name' | 'past' | 'scripts'>

const CLUSTERS = [e.namespace('home', e.HOME), e.namespace('remote', e.REMOTE, e.HOME)]
const REFLECTED = [...CLUSTERS, e.create('a')]

/** What happens in the remote cluster behind the functions' back. */
const MEDDLING: readonly (readonly Edit[])[] = [
  [e.drift],
  [e.unmark],
  [e.unstamp],
  [e.erase],
  [e.obstruct],
  [e.drift, e.erase],
  [e.unmark, e.erase],
  [e.erase, e.obstruct],
  [e.obstruct, e.erase],
  [e.hold, e.release],
]

export function families(isQuick: boolean, seed: number): Family[] {
  const most = isQuick ? 2 : 3
  return [
    family('edits', upTo(3), { functions: 2, duplicates: 1 }),
    ...(isQuick ? [] : [family('three functions', upTo(3), { functions: 3, duplicates: 1 })]),
    family('killed', upTo(3), { functions: most, kills: isQuick ? 1 : 2 }),
    family('killed and forgotten', upTo(3), { functions: 2, kills: isQuick ? 1 : 2, forgetful: true }),
    family('lost', upTo(3), { functions: 2, losses: isQuick ? 1 : 2, duplicates: isQuick ? 0 : 1 }),
    family('faults', upTo(most), { functions: 2, faults: isQuick ? 1 : 2 }),
    family('meddling', meddled(upTo(most - 1)), { functions: 2 }),
    ...(isQuick ? [] : [family('meddling, three', meddled(upTo(1)), { functions: 3, duplicates: 1 })]),
    family('meddling, killed', meddled(upTo(1)), { functions: 2, kills: 1, duplicates: isQuick ? 0 : 1 }),
    family('sweep', upTo(2), { functions: isQuick ? 2 : 3, sweep: true, losses: 1 }),
    family('sweep, meddling', meddled(upTo(1)), { functions: 2, sweep: true }),
    { name: 'broken lists', worlds: brokenLists() },
    { name: 'namespaces', worlds: namespaces(isQuick) },
    { name: 'other cluster', worlds: otherClusters() },
    { name: 'random', worlds: randomWorlds(isQuick ? 20 : 200, seed), random: isQuick ? 50 : 100 },
  ]
}

interface Script {
  past: readonly Edit[]
  scripts: readonly (readonly Edit[])[]
}

function family(name: string, scripts: readonly Script[], rest: Rest): Family {
  return { name, worlds: scripts.map((script) => world(script, rest)) }
}

function world({ past, scripts }: Script, rest: Rest): World {
  const labels = scripts.map((script) => script.map(({ label }) => label).join(', '))
  return { name: labels.filter(Boolean).join(' | '), past, scripts, ...rest }
}

/** All scripts of so many edits at home, with nothing there and with a reflected object. */
function upTo(edits: number): Script[] {
  return [
    ...homeScripts(edits, false).map((script) => ({ past: CLUSTERS, scripts: [script] })),
    ...homeScripts(edits, true).map((script) => ({ past: REFLECTED, scripts: [script] })),
  ]
}

function meddled(scripts: readonly Script[]): Script[] {
  const with_ = MEDDLING.flatMap((meddling) =>
    scripts.map(({ past, scripts: [home = []] }) => ({ past, scripts: [home, meddling] })),
  )
  return [...MEDDLING.map((meddling) => ({ past: REFLECTED, scripts: [[], meddling] })), ...with_]
}

/** Two objects, and a sweep whose lists may end between them. */
function brokenLists(): World[] {
  const past = [...REFLECTED, e.create('a', e.HOME, 'more')]
  const homes = [[], [e.set('b')], [e.remove()], [e.remove(e.HOME, 'more')], [e.remove(), e.create('b')]]
  const rest: Rest = { functions: 2, faults: 1, losses: 1, sweep: true }
  return homes.map((home) => world({ past, scripts: [home] }, rest))
}

/** A namespace is no longer offloaded, offloaded under another name, or its name is given to another one's copy. */
function namespaces(isQuick: boolean): World[] {
  const past = [e.namespace('home', 'park'), ...REFLECTED]
  const gone = [e.unmap(e.REMOTE), e.finalize(e.REMOTE)]
  const remaps: (readonly Edit[])[] = [
    gone,
    [...gone, e.namespace('remote', e.REMOTE)],
    [...gone, e.namespace('remote', e.REMOTE, e.HOME)],
    [...gone, e.namespace('remote', e.REMOTE, 'park')],
    [...gone, e.namespace('remote', 'shop-tokyo', e.HOME)],
    [e.unmap(e.REMOTE), e.namespace('remote', 'shop-tokyo', e.HOME), e.finalize(e.REMOTE)],
    [e.relabel(e.REMOTE, 'park')],
    [...gone, e.namespace('remote', e.REMOTE, 'park'), e.namespace('remote', 'shop-tokyo', e.HOME)],
  ]
  const homes = [[e.set('b')], [e.remove()], [e.create('x', 'park')], [e.set('b'), e.create('x', 'park')]]
  const rest: Rest = { functions: 2, warm: true, patience: 3 }
  return remaps.flatMap((remap) =>
    homes.slice(0, isQuick ? 3 : 4).map((home) => world({ past, scripts: [home, remap] }, rest)),
  )
}

/** A ClusterID comes to lead to another cluster: an empty one, or one with an object of that name. */
function otherClusters(): World[] {
  const empty = e.swap('home', 'empty', [e.namespace('home', e.HOME)])
  const alike = e.swap('home', 'with the same object', [e.namespace('home', e.HOME), e.create('a')])
  const theirs = e.swap('remote', 'with an unmarked object', [e.namespace('remote', e.REMOTE, e.HOME), e.obstruct])
  const homes = [
    [empty],
    [alike],
    [e.set('b'), empty],
    [e.remove(), empty],
    [e.remove(), alike],
    [empty, e.create('a')],
    [empty, e.create('b'), e.remove()],
    [alike, e.set('b')],
    [alike, e.remove()],
    [alike, e.skip],
  ]
  const rest: Rest = { functions: 2, duplicates: 1, sweep: true, warm: true }
  return [
    ...homes.map((home) => world({ past: REFLECTED, scripts: [home] }, rest)),
    ...homeScripts(1, true).map((home) => world({ past: REFLECTED, scripts: [home, [theirs]] }, rest)),
  ]
}

/** Large worlds: more edits, functions and mishaps than every execution of could be tried. */
function randomWorlds(count: number, seed: number): World[] {
  const random = randomFrom(seed)
  return Array.from({ length: count }, () => {
    const home = randomScript(4 + Math.floor(random() * 3), random)
    const remote = Array.from({ length: Math.floor(random() * 3) }, () => pick(random, MEDDLING)).flat()
    const mishaps = { duplicates: 2, losses: 1, kills: 2, faults: 1, forgetful: random() < 0.5 }
    const rest: Rest = { functions: 3 + Math.floor(random() * 2), sweep: random() < 0.5, ...mishaps }
    return world({ past: random() < 0.5 ? REFLECTED : CLUSTERS, scripts: [home, remote] }, rest)
  })
}
