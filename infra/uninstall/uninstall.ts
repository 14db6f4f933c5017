import { ClusterError, ConflictError } from '../../lib/cluster/errors.ts'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { forEach } from '../../lib/reflect/for-each.ts'
import { eventually, TimeoutError } from '../local/eventually.ts'
import type { Part } from './parts.ts'

/** What there is of ours. */
export interface Inventory {
  found: Row[]
  /** Of which all has been done that is ours to do. */
  waiting: Row[]
  /** What could not be looked at, and why. */
  unknown: { part: Part; why: string }[]
}

export interface Row {
  part: Part
  /** `namespace/name`, ordered. */
  names: string[]
}

/** Objects that are touched at a time. */
const AT_ONCE = 8

/** Milliseconds until a step is done: namespaces wait for their pods. */
const STEP_MS = 180_000

/** Reads only. What one cluster does not answer hinders no other. @param steps of `stepsOf` */
export async function takeInventory(steps: readonly Part[][]): Promise<Inventory> {
  const inventory: Inventory = { found: [], waiting: [], unknown: [] }
  for (const part of steps.flat()) {
    try {
      const objects = Map.groupBy(await part.find(), (object) => (isWaiting(part, object) ? 'waiting' : 'found'))
      for (const [list, some] of objects) inventory[list].push({ part, names: some.map(nameOf).toSorted() })
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error
      inventory.unknown.push({ part, why: error.message })
    }
  }
  return inventory
}

/**
 * Removes all that is ours, step by step. What one cluster does not answer hinders no other, and shows in the next
 * inventory.
 * @param steps of `stepsOf`
 * @param tell a line for each part that there was
 */
export async function uninstall(
  steps: readonly Part[][],
  tell: (line: string) => void,
  stepMs = STEP_MS,
): Promise<void> {
  for (const step of steps) {
    const begun: Part[] = []
    for (const part of step.filter(({ how }) => how !== 'along')) {
      await ifAnswered(async () => {
        const count = await carryOut(part, await part.find())
        if (count > 0) tell(`${part.cluster.id}: ${count} ${part.what}`)
        begun.push(part)
      })
    }
    for (const part of begun) await ifAnswered(() => untilGone(part, stepMs))
  }
}

/** What fails shows in the inventory. */
async function ifAnswered(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof ClusterError || error instanceof TimeoutError)) throw error
  }
}

/** What somebody makes again meanwhile goes too. */
async function untilGone(part: Part, ms: number): Promise<void> {
  async function isGone(): Promise<boolean> {
    const left = (await part.find()).filter((object) => !isWaiting(part, object))
    await carryOut(part, left)
    return left.length === 0
  }
  await eventually(`${part.what} gone`, isGone, ms)
}

/** @returns how many objects were touched: not those that go already @throws ClusterError */
async function carryOut(part: Part, objects: readonly KubeObject[]): Promise<number> {
  const due = objects.filter(({ metadata }) => part.how === 'kill' || !metadata.deletionTimestamp)
  await forEach(due, AT_ONCE, (object) => carryOutOne(part, object))
  return due.length
}

/** An object is touched only as it was seen, and looked at again when it has changed meanwhile. */
async function carryOutOne({ cluster, resource, how, isOurs }: Part, seen: KubeObject): Promise<void> {
  const { name, namespace, uid = '' } = seen.metadata
  const ref = { name, ...(namespace !== undefined && { namespace }) }
  for (let object: KubeObject | undefined = seen; object?.metadata.uid === uid && isOurs(object); ) {
    const { resourceVersion = '' } = object.metadata
    try {
      if (how === 'unlabel') await cluster.apply(resource, bare(object))
      else
        await cluster.delete(resource, ref, { uid, resourceVersion }, how === 'kill' ? { gracePeriodSeconds: 0 } : {})
      return
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      object = await cluster.get(resource, ref)
    }
  }
}

function isWaiting({ waitsFor }: Part, { metadata }: KubeObject): boolean {
  return waitsFor !== undefined && metadata.deletionTimestamp !== undefined
}

/** An apply of nothing: what our field manager owned goes, and nothing else. */
function bare({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, uid = '', resourceVersion = '' } = metadata
  return { apiVersion, kind, metadata: { name, uid, resourceVersion } }
}

function nameOf({ metadata: { name, namespace } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`
}
