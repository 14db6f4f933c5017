import { afterAll, beforeAll } from 'vitest'
import { offload } from '../e2e/offload.ts'
import { eventCases } from './cases/events.ts'
import { failureCases } from './cases/failures.ts'
import { scheduleCases } from './cases/schedules.ts'
import { uninstallCases } from './cases/uninstall.ts'
import { type Rehearsal, startRehearsal } from './rehearsal.ts'
import { sceneOf } from './scene.ts'

let rehearsal: Rehearsal
const scene = sceneOf(() => rehearsal, 'shop')

beforeAll(async () => {
  rehearsal = await startRehearsal({ NETWORKING_INTERNAL: 'false' })
  await offload(rehearsal, scene.namespace)
})
afterAll(() => rehearsal?.stop())

eventCases(scene)
scheduleCases(scene)
failureCases(scene)
uninstallCases(scene)
