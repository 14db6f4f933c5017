import { remoteSecret } from '../../../lib/kinds/secret/forge.ts'
import { contextOf, sourceOf } from '../context.ts'
import type { Runners } from '../runner.ts'

export const secret: Runners = {
  RemoteSecret: (given) => remoteSecret(sourceOf(given, 'Secret'), contextOf(given)),
}
