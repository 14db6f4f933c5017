import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, ObjectRef, Resource } from '../cluster/port.ts'
import type { ChangeEvent } from '../event/change.ts'

type Admitted = NonNullable<ChangeEvent['admitted']>

/** Milliseconds between looks; their sum is how long an admitted change is waited for. */
const WAITS = [10, 20, 40, 80, 160, 320, 640, 1280]

/**
 * An admission webhook hears of a change before it is stored, so it is waited for until it shows. A change that never
 * does was refused by somebody later: then there is nothing to reflect, and the sweep is the guarantee for the slow.
 * @returns whether it showed
 */
export async function committed(
  cluster: Cluster,
  resource: Resource,
  ref: ObjectRef,
  admitted: Admitted,
): Promise<boolean> {
  for (const wait of WAITS) {
    if (await shows(cluster, resource, ref, admitted)) return true
    await sleep(wait)
  }
  return shows(cluster, resource, ref, admitted)
}

async function shows(cluster: Cluster, resource: Resource, ref: ObjectRef, admitted: Admitted): Promise<boolean> {
  const object = await cluster.get(resource, ref)
  switch (admitted.operation) {
    case 'CREATE':
      return object !== undefined
    case 'UPDATE':
      return object === undefined || object.metadata.resourceVersion !== admitted.resourceVersion
    case 'DELETE':
      return object === undefined || object.metadata.deletionTimestamp !== undefined
  }
}
