import type { KubeObject } from '../../cluster/port.ts'
import { bySkipAndAllow } from '../../reflect/selection.ts'
import { mapOf } from '../json.ts'
import type { Context, Found, NotReflected, Selection } from '../kind.ts'
import { ORIGIN } from '../meta.ts'
import { involvedObject } from './forge.ts'

/**
 * | first that holds | reflected |
 * |---|---|
 * | our own functions wrote it, or it is a copy itself | no: what they have to say they say at home, and copies of copies would never end |
 * | there is no such object at home | no |
 * | | as its annotations say, as of any object |
 *
 * A copy that was made earlier stays until its source expires.
 */
export function selectEvent(event: KubeObject, context: Context, found: Found): Selection {
  if (isOurOwn(event)) return stays('it was written by a function of ours')
  if (!involvedObject(found)) return stays('what it is about is not at home')
  return bySkipAndAllow(event, context)
}

function stays(why: string): NotReflected {
  return { reflect: false, keep: true, quiet: true, why }
}

/** As `toEvent` writes them (lib/reflect/report.ts), or marked as a copy. */
function isOurOwn({ metadata, source, reportingComponent }: KubeObject): boolean {
  const component = String(mapOf(source).component ?? '')
  const isTold = component.startsWith('heliograph-') || String(reportingComponent ?? '').startsWith('heliograph.io/')
  return isTold || ORIGIN in (metadata.labels ?? {})
}
