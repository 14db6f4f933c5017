import { afterAll, beforeAll, describe } from 'vitest'
import { changeTests } from './change.ts'
import { leaveTests } from './leave.ts'
import { type Pair, startPair } from './pair.ts'
import { reachTests } from './reach.ts'
import { refuseTests } from './refuse.ts'
import { findHindrance } from './tools.ts'

const hindrance = await findHindrance()

describe.skipIf(hindrance)(`two clusters with the same addresses${hindrance ? ` (skipped: ${hindrance})` : ''}`, () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair()
    await pair.configure()
  })

  afterAll(() => pair?.stop())

  reachTests(() => pair)
  refuseTests(() => pair)
  changeTests(() => pair)
  leaveTests(() => pair)
})
