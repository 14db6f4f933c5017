import type { MemoryCluster } from '../support/memory-cluster.ts'
import { isMap, type Json } from '../support/memory-json.ts'
import type { ContractUser } from './world.ts'

/** The other manager of the contract, in memory. */
export function memoryUser({ user }: MemoryCluster): ContractUser {
  return {
    create: async (resource, object) => void user.create(resource, object),
    merge: async (resource, ref, patch) => void user.edit(resource, ref, (object) => mergePatch(object, patch)),
    delete: async (resource, ref) => void user.delete(resource, ref),
  }
}

/** RFC 7396. */
function mergePatch(target: Json, patch: Json): void {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete target[key]
    else if (isMap(value)) {
      const into = isMap(target[key]) ? target[key] : {}
      target[key] = into
      mergePatch(into, value)
    } else target[key] = value
  }
}
