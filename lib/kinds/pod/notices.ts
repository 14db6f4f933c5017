import type { KubeObject } from '../../cluster/port.ts'
import { mapOf, mapsOf } from '../json.ts'

/** What a pod asks for that no guest of another cluster gets: its owner is told what runs instead. */
const WITHHELD: readonly (readonly [field: string, why: string])[] = [
  ['hostNetwork', 'hostNetwork is left out: the remote pod has a network of its own'],
  ['hostPID', 'hostPID is left out: the remote pod sees its own processes only'],
  ['hostIPC', 'hostIPC is left out: the remote pod has memory of its own'],
]

const LISTS: readonly (readonly [field: string, why: string])[] = [
  ['resourceClaims', 'resourceClaims are left out: devices are claimed in the cluster that has them'],
  ['ephemeralContainers', 'ephemeral containers are left out: debug the pod in the remote cluster'],
]

/** What remotePodSpec leaves out and the owner would miss. What only places the pod at home is not among it. */
export function podNotices({ spec }: KubeObject): string[] {
  const fields = mapOf(spec)
  return [
    ...WITHHELD.flatMap(([field, why]) => (fields[field] === true ? [why] : [])),
    ...LISTS.flatMap(([field, why]) => (mapsOf(fields[field]).length > 0 ? [why] : [])),
  ]
}
