import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import type { Rehearsal } from './rehearsal.ts'

/** `eventually`, as long as a test has: much goes on here for one machine. */
export const patiently: typeof eventually = (what, look, ms = 200_000) => eventually(what, look, ms)

/** A rehearsal, and an offloaded namespace of rome to work in. */
export interface Scene extends Omit<Rehearsal, 'stop'> {
  namespace: string
  /** In the namespace, in rome. */
  kubectl(...args: string[]): Promise<string>
  /** Waits for the copy in milan. */
  there(kind: string, name: string, test?: (found: Found) => boolean): Promise<Found>
  gone(kind: string, name: string): Promise<boolean>
  /** Waits until no event is on its way. */
  quiet(): Promise<void>
}

/** @param rehearsal looked at when something is done, as it starts later */
export function sceneOf(rehearsal: () => Rehearsal, namespace: string): Scene {
  const copy = (kind: string, name: string) => rehearsal().clusters.milan!.kubectl.get(kind, name, `${namespace}-rome`)
  return {
    get account() {
      return rehearsal().account
    },
    get lambda() {
      return rehearsal().lambda
    },
    get lines() {
      return rehearsal().lines
    },
    get clusters() {
      return rehearsal().clusters
    },
    get auditLogs() {
      return rehearsal().auditLogs
    },
    admit: () => rehearsal().admit(),
    namespace,
    kubectl: (...args) => rehearsal().clusters.rome!.kubectl(['-n', namespace, ...args]),
    there: (kind, name, test = () => true) =>
      patiently(`${kind}/${name} in milan`, async () => {
        const found = await copy(kind, name)
        return found && test(found) && found
      }),
    gone: (kind, name) => patiently(`no ${kind}/${name} in milan`, async () => !(await copy(kind, name))),
    async quiet() {
      await patiently('no event on its way', async () => rehearsal().lambda.pending() === 0)
    },
  }
}
