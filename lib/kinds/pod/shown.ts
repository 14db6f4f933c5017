import { contains } from '../../reflect/compare.ts'
import { type Json, mapsOf } from '../json.ts'
import { REFUSED } from './refusal.ts'

/** Fields that nobody but us sets at home: where they are not due, they are stale. */
const OURS = [
  'allocatedResources',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'hostIP',
  'hostIPs',
  'initContainerStatuses',
  'podIP',
  'podIPs',
  'resize',
  'resources',
  'startTime',
]

/** Conditions that a kubelet would set, and our own. Others may be home's, e.g. of controllers behind readiness gates. */
const OUR_CONDITIONS = ['ContainersReady', 'Initialized', 'PodReadyToStartContainers', 'PodScheduled', 'Ready', REFUSED]

/** True when a pod's status shows all that is due, and nothing of ours besides. Conditions are compared by type. */
export function isShown(status: Json, due: Json): boolean {
  const isStale = OURS.some((field) => isThere(status[field]) && !isThere(due[field]))
  return !isStale && !hasStaleCondition(status, due) && contains(keyed(status), keyed(due))
}

function hasStaleCondition(status: Json, due: Json): boolean {
  const types = mapsOf(due.conditions).map(({ type }) => type)
  return mapsOf(status.conditions).some(({ type }) => OUR_CONDITIONS.includes(String(type)) && !types.includes(type))
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && (!Array.isArray(value) || value.length > 0)
}

function keyed(status: Json): Json {
  return { ...status, conditions: Object.fromEntries(mapsOf(status.conditions).map((one) => [one.type, one])) }
}
