import { remoteService } from '../../../lib/kinds/service/forge.ts'
import { contextOf, sourceOf } from '../context.ts'
import type { Runners } from '../runner.ts'

export const service: Runners = {
  RemoteService: (given) => remoteService(sourceOf(given, 'Service'), contextOf(given)),
}
