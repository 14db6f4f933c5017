import { type Amounts, most, plus, toAmounts } from './amounts.ts'

/** The part of a PodSpec that says how much a pod takes. */
export interface Claimant {
  containers?: readonly Container[] | null
  initContainers?: readonly Container[] | null
  /** Of the pod as a whole; wins over the containers'. */
  resources?: Resources | null
  overhead?: unknown
}

interface Container {
  name?: string
  restartPolicy?: string
  resources?: Resources | null
}

interface Resources {
  requests?: unknown
  limits?: unknown
}

/**
 * What the scheduler sets aside for a pod: containers run together, init containers one after the other, and those that
 * go on (restartPolicy Always) beside all that come later. A limit counts where no request is given.
 * Source of the rule: Kubernetes, `k8s.io/component-helpers/resource.PodRequests`.
 */
export function requestsOf({ containers, initContainers, resources, overhead }: Claimant): Amounts {
  let beside: Amounts = {}
  let peak: Amounts = {}
  for (const container of initContainers ?? []) {
    const taken = plus(beside, ownRequests(container))
    peak = most(peak, taken)
    if (container.restartPolicy === 'Always') beside = taken
  }
  const together = (containers ?? []).map(ownRequests).reduce(plus, beside)
  const ofPod = toAmounts(resources?.requests)
  return plus({ ...most(peak, together), ...ofPod }, toAmounts(overhead))
}

/** Names of the containers that say neither request nor limit for that resource. */
export function silentOn(resource: string, { containers, initContainers, resources }: Claimant): string[] {
  if (resource in toAmounts(resources?.requests)) return []
  const all = [...(initContainers ?? []), ...(containers ?? [])]
  return all.filter((one) => !(resource in ownRequests(one))).map(({ name = '' }) => name)
}

function ownRequests({ resources }: Container): Amounts {
  return { ...toAmounts(resources?.limits), ...toAmounts(resources?.requests) }
}
