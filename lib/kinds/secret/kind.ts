import type { KubeObject } from '../../cluster/port.ts'
import { SECRET } from '../../cluster/resources.ts'
import { saReflectionDisabled } from '../../reflect/messages.ts'
import { bySkipAndAllow } from '../../reflect/selection.ts'
import { type Context, defineKind, type Selection } from '../kind.ts'
import { remoteSecret, SERVICE_ACCOUNT_TOKEN } from './forge.ts'

export const secret = defineKind({
  name: 'secret',
  source: { side: 'home', resource: SECRET },
  target: { side: 'remote', resource: SECRET },
  select: selectSecret,
  forge: remoteSecret,
})

/** Types that only make sense in the cluster they are in; a copy would serve nobody but a thief. */
const NEVER: ReadonlyMap<unknown, string> = new Map([
  ['helm.sh/release.v1', 'Helm releases'],
  ['bootstrap.kubernetes.io/token', 'bootstrap tokens'],
])

/**
 * Long-lived service account tokens stay at home, whatever the annotations say, and an earlier copy stays where it is
 * (Liqo v1.2, `reflection/configuration/secret.go`). Helm releases and bootstrap tokens stay too: Liqo reflects them.
 */
export function selectSecret(source: KubeObject, context: Context): Selection {
  if (source.type === SERVICE_ACCOUNT_TOKEN) {
    return { reflect: false, keep: true, why: saReflectionDisabled(context.remote) }
  }
  const what = NEVER.get(source.type)
  if (what) {
    return { reflect: false, why: `Reflection to cluster "${context.remote}" disabled for secrets holding ${what}` }
  }
  return bySkipAndAllow(source, context)
}
