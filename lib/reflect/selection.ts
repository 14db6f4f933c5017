import type { KubeObject } from '../cluster/port.ts'
import type { Context, Selection } from '../kinds/kind.ts'
import { objectReflectionDisabled } from './messages.ts'

/** Annotations of a home object. The value `false`, in any case, is as if the annotation were absent. */
export const SKIP = 'liqo.io/skip-reflection'
export const ALLOW = 'liqo.io/allow-reflection'

type Annotated = { metadata: Pick<KubeObject['metadata'], 'annotations'> }

/**
 * The rule for every kind that has none of its own (Liqo v1.2, `pkg/virtualKubelet/reflection/generic/namespaced.go`).
 * A DenyList looks at the skip annotation only, an AllowList at the allow annotation only. Off reflects nothing and
 * takes nothing back, as when Liqo runs a kind with no workers.
 */
export function bySkipAndAllow(source: Annotated, context: Context): Selection {
  const why = objectReflectionDisabled(context.remote, context.reflection)
  switch (context.reflection) {
    case 'DenyList':
      return isSet(source, SKIP) ? { reflect: false, why } : { reflect: true }
    case 'AllowList':
      return isSet(source, ALLOW) ? { reflect: true } : { reflect: false, why }
    case 'Off':
      return { reflect: false, why, keep: true, quiet: true }
  }
}

/** What the object itself asks for, whatever the reflection type: for objects whose annotations win over it. */
export function explicitChoice(source: Annotated): 'reflect' | 'skip' | 'contradiction' | undefined {
  const allowed = isSet(source, ALLOW)
  const skipped = isSet(source, SKIP)
  if (allowed && skipped) return 'contradiction'
  if (allowed) return 'reflect'
  return skipped ? 'skip' : undefined
}

function isSet(source: Annotated, annotation: string): boolean {
  const value = source.metadata.annotations?.[annotation]
  return value !== undefined && value.toLowerCase() !== 'false'
}
