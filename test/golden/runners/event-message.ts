import * as messages from '../../../lib/reflect/messages.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'

export const eventMessage: Runners = {
  'Pure:EventMessages': (given) => {
    const [cause = '', namespace = ''] = inputOf<{ args: string[] }>(given).args ?? []
    const { remote, reflection } = contextOf(given)
    return {
      failedAlreadyExists: messages.failedReflection(remote, messages.ALREADY_EXISTS),
      failedReflection: messages.failedReflection(remote, cause),
      failedStatusReflection: messages.failedStatusReflection(remote, cause),
      objectReflectionDisabled: messages.objectReflectionDisabled(remote, reflection),
      reflectionDisabled: messages.reflectionDisabled(remote, namespace),
      saReflectionDisabled: messages.saReflectionDisabled(remote),
    }
  },
}
