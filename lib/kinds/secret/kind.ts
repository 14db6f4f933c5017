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
  yields: isTokenSecret,
  renews: ({ immutable, type }, desired) => immutable === true || type !== (desired.type || 'Opaque'),
  forge: remoteSecret,
})

/** Of a remote Secret that holds the tokens of a pod; labels and annotations count alike, as Liqo moved one of them. */
const TOKEN_MARKS = ['offloading.liqo.io/service-account-for-pod-name', 'offloading.liqo.io/service-account-name']

/** A home Secret of the same name is shadowed by it, without a word (Liqo v1.2, `forge/secrets.go`). */
export function isTokenSecret({ metadata: { labels, annotations } }: KubeObject): boolean {
  const present = { ...labels, ...annotations }
  return TOKEN_MARKS.every((mark) => mark in present)
}

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
