import { bySkipAndAllow, explicitChoice } from '../../../lib/reflect/selection.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'

/** Liqo's `forcedSkip` in our words; with both annotations set it is an error there. */
const FORCED_SKIP = { reflect: false, skip: true, none: null }

export const policy: Runners = {
  'Pure:ShouldSkipReflection': (given) => {
    const { annotations } = inputOf<{ annotations: Record<string, string> }>(given)
    const source = { metadata: annotations ? { annotations } : {} }
    const choice = explicitChoice(source) ?? 'none'
    const skip = !bySkipAndAllow(source, contextOf(given)).reflect
    return choice === 'contradiction'
      ? { error: 'both annotations are set', skip }
      : { forcedSkip: FORCED_SKIP[choice], skip }
  },
}
