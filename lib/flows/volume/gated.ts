import { POD } from '../../cluster/resources.ts'
import type { ChangeEvent } from '../../event/change.ts'
import { claimsOf } from '../../kinds/persistentvolumeclaim/select.ts'
import { gatedFor } from '../../kinds/pod/gate.ts'
import { isWaiting } from '../../kinds/pod/status.ts'
import type { Peering } from '../../reflect/peering.ts'
import { podsFor } from '../refused/flow.ts'
import { dispatchClaim } from './dispatch.ts'

/**
 * Serves the claims of gated pods: no scheduler selects a node for them, so that the pod itself is what tells where a
 * claim belongs, and comes after it. An event without names, as of a pod that a controller makes, is about all in the
 * namespace that wait.
 * @throws ReflectionError, ClusterError as `dispatchClaim` and home do
 */
export async function dispatchClaimsOfGated(peerings: readonly Peering[], event: ChangeEvent): Promise<void> {
  const { cluster, namespace, names, of } = event
  const gated = peerings.filter(({ home, storage }) => home.id === cluster && storage?.gated)
  const [first] = gated
  if (!first || of !== undefined) return
  const pods =
    names.length > 0
      ? await Promise.all(names.map((name) => first.home.get(POD, { namespace, name })))
      : (await Promise.all(gated.map((peering) => podsFor(peering, namespace)))).flat().filter(isWaiting)
  const claims = pods.flatMap((pod) => (pod && gatedFor(pod) ? claimsOf(pod) : []))
  if (claims.length === 0) return
  await dispatchClaim(gated, { cluster, kind: 'persistentvolumeclaim', namespace, names: [...new Set(claims)] })
}
