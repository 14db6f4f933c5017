import { configmap } from '../../lib/kinds/configmap/kind.ts'
import { dispatch } from '../../lib/reflect/dispatch.ts'
import { pairScope } from '../../lib/reflect/pairs.ts'
import { identityOf, type Pair, type Peering } from '../../lib/reflect/peering.ts'
import { sweepPair } from '../../lib/reflect/sweep-pair.ts'
import type { Program } from './life.ts'
import { build, type Edit } from './past.ts'
import type { Scene } from './scene.ts'

/** A small world: who does what, how many functions may run at a time, and what may go wrong. */
export interface World {
  name: string
  /** What has happened, and was reflected in peace, before the exploration begins. */
  past: readonly Edit[]
  /** Each a person who makes these edits in this order; the first one's are those at home. */
  scripts: readonly (readonly Edit[])[]
  functions: number
  /** How often, in all, an event may come twice; get lost; a function may die after a write; an answer may fail. */
  duplicates?: number
  losses?: number
  kills?: number
  faults?: number
  /** Events of killed functions do not come again. */
  forgetful?: boolean
  /** A sweep may run at any time besides the functions. */
  sweep?: boolean
  /** Each function may also run on an instance that remembers the past: pairs of namespaces, identities. */
  warm?: boolean
  /** How often, in all, a function may give up and be called again, besides those that a fault made to. */
  patience?: number
}

/** What waits to be served: an event's reference, a new namespace to fill, a pair to sweep. Equal ones are one. */
export interface Wake {
  id: number
  label: string
  cold: Program
}

const wakes = new Map<string, Wake>()

function wake(label: string, run: Program['run']): Wake {
  const known = wakes.get(label) ?? { id: wakes.size, label, cold: { label, run } }
  wakes.set(label, known)
  return known
}

export function wakeById(id: number): Wake {
  const found = [...wakes.values()][id]
  if (!found) throw new Error(`no wake ${id}`)
  return found
}

const CLUSTERS = { home: 'rome', remote: 'milan' } as const

/** The event that a ConfigMap's change makes. */
export function eventOf(side: 'home' | 'remote', namespace: string, name: string): Wake {
  const event = { cluster: CLUSTERS[side], kind: configmap.name, namespace, names: [name] }
  return wake(`event ${side} ${namespace}/${name}`, (peering) => dispatch(configmap, [peering], event))
}

/** The namespace flow fills what it has made; a sweep does the same. */
export function sweepOf(pair: Pair): Wake {
  return wake(`sweep ${pair.homeNamespace} to ${pair.remoteNamespace}`, async (peering) => {
    const { curable } = await sweepPair(peering, pair, [configmap], 'act')
    if (curable > 0) throw new SweepIncomplete(`${curable} to try again`)
  })
}

class SweepIncomplete extends Error {
  readonly retry = true
}

const warmed = new Map<string, Program>()

/** The same on an instance that has served the home namespace before, when the clusters were as in the scenes. */
export function warmProgram({ id, label, cold }: Wake, home: Scene, remote: Scene, homeNamespace: string): Program {
  const key = `${id} ${home.id} ${remote.id} ${homeNamespace}`
  const known = warmed.get(key) ?? {
    label: `${label} (warm)`,
    run: cold.run,
    past: { home: build(home), remote: build(remote) },
    remember: async (peering: Peering) => {
      await identityOf(peering.home)
      await pairScope(peering, homeNamespace).confirmed()
    },
  }
  warmed.set(key, known)
  return known
}
