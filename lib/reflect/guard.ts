import { type KubeObject, NOT_EXISTING } from '../cluster/port.ts'

/** The object to apply to what was seen, if that is still as it was; or where nothing is, if there is still nothing. */
export function guarded(desired: KubeObject, seen: KubeObject | undefined): KubeObject {
  const { uid = '', resourceVersion = '' } = seen?.metadata ?? {}
  const guards = seen ? { uid, resourceVersion } : { resourceVersion: NOT_EXISTING }
  return { ...desired, metadata: { ...desired.metadata, ...guards } }
}
