import { afterAll, beforeAll, describe } from 'vitest'
import { NAMESPACE } from '../../lib/cluster/resources.ts'
import { applyContract } from './apply-contract.ts'
import { errorContract } from './error-contract.ts'
import { readContract } from './read-contract.ts'
import type { ContractWorld } from './world.ts'

/** What the suites share: the world, and a fresh namespace per test so that nothing needs cleaning up. */
export interface Context {
  world(): ContractWorld
  /** Creates a namespace with that prefix; its name is unique in the run. */
  namespace(prefix?: string): Promise<string>
}

/** Every docstring sentence of lib/cluster/port.ts, against any implementation. */
export function clusterContract(name: string, makeWorld: () => Promise<ContractWorld>): void {
  describe(`Cluster contract: ${name}`, () => {
    let world: ContractWorld
    let made = 0
    const context: Context = {
      world: () => world,
      namespace: async (prefix = 'contract') => {
        const namespace = `${prefix}-${process.pid}-${++made}`
        await world.user.create(NAMESPACE, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
        return namespace
      },
    }
    beforeAll(async () => {
      world = await makeWorld()
    })
    afterAll(async () => await world?.stop())

    readContract(context)
    applyContract(context)
    errorContract(context)
  })
}
