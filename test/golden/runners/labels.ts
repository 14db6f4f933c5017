import { isReflected, marks } from '../../../lib/kinds/meta.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'

export const labels: Runners = {
  'Pure:ReflectionLabels': (given) => marks(contextOf(given)),
  'Pure:IsReflected': (given) => {
    const { labels = {} } = inputOf<{ labels: Record<string, string> }>(given)
    return isReflected({ metadata: { labels } }, contextOf(given))
  },
}
