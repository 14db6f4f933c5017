import type { KubeObject } from '../../lib/cluster/port.ts'
import { SHADOW_POD } from '../../lib/cluster/resources.ts'
import { filled, without } from '../../lib/kinds/meta.ts'
import { DIGEST, SOURCE, SOURCE_CLUSTER_UID, SOURCE_UID } from '../../lib/reflect/stamp.ts'
import type { Change, MemoryCluster } from '../support/memory-cluster.ts'
import type { Golden } from './cases.ts'
import type { Action } from './reflection.ts'
import { inputOf } from './runner.ts'

const STAMP = [SOURCE, SOURCE_UID, SOURCE_CLUSTER_UID, DIGEST]

/**
 * What was written to pods and ShadowPods of a cluster, as Liqo would have: creations and statuses as whole objects, with
 * the uids of the case, and without the stamp that all targets bear.
 */
export function actionsIn(side: Action['cluster'], cluster: MemoryCluster, since: number, given: Golden): Action[] {
  const { local = [], remote = [], objects } = inputOf<Record<'local' | 'remote' | 'objects', KubeObject[]>>(given)
  const known = objects ?? (side === 'local' ? local : remote)
  const place = objects ? 'this' : side
  return cluster.changes
    .slice(since)
    .filter(({ resource }) => ['pods', 'shadowpods'].includes(resource.plural))
    .flatMap((change) => {
      const before = known.find(({ kind, metadata }) => kind === change.resource.kind && metadata.name === change.name)
      return actionOf(change, before).map((action) =>
        withUids({ ...placeOf(place, change), ...action }, cluster, known),
      )
    })
}

function placeOf(cluster: Action['cluster'], { resource, namespace, name }: Change) {
  return {
    cluster,
    resource: resource.group ? `${resource.plural}.${resource.group}` : resource.plural,
    namespace,
    name,
  }
}

type Told = Pick<Action, 'verb' | 'object' | 'options'> & { subresource?: string }

function actionOf(change: Change, given: KubeObject | undefined): Told[] {
  const { verb, before, after } = change
  if (verb === 'delete') return [deletion(change, given)]
  if (verb === 'create') return [{ verb, object: created(after!, change.resource === SHADOW_POD) }]
  const isStatus = JSON.stringify(before?.status) !== JSON.stringify(after?.status)
  if (isStatus) return [{ verb, subresource: 'status', object: withStatus(given, after!) }]
  return [{ verb: 'apply', object: labelled(after!) }]
}

function deletion({ resource, before }: Change, given: KubeObject | undefined): Told {
  const { resourceVersion = '' } = before!.metadata
  const preconditions = { uid: given?.metadata.uid ?? '', resourceVersion }
  // Only home pods are ended at once, and then they are being deleted already.
  const isEnd = resource !== SHADOW_POD && before!.metadata.deletionTimestamp !== undefined
  return { verb: 'delete', options: { ...(isEnd && { gracePeriodSeconds: 0 }), preconditions } }
}

function created({ metadata, spec }: KubeObject, isShadow: boolean): KubeObject {
  const { name, namespace, labels, annotations, ownerReferences } = metadata
  const own = filled({ name, namespace, labels, annotations: without(annotations, STAMP), ownerReferences })
  return { metadata: own, spec, status: isShadow ? { phase: '' } : {} } as unknown as KubeObject
}

function withStatus(given: KubeObject | undefined, { status }: KubeObject): KubeObject {
  const spec = given?.kind === SHADOW_POD.kind ? given.spec : { containers: null }
  return { metadata: given?.metadata, spec, status } as unknown as KubeObject
}

function labelled({ apiVersion, kind, metadata: { name, namespace, labels } }: KubeObject): KubeObject {
  const label = Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => key === 'liqo.io/shadowPod'))
  return { apiVersion, kind, metadata: { name, namespace: namespace!, labels: label } }
}

/** Owners are told by the uid that the case gave them. */
function withUids(action: Action, cluster: MemoryCluster, known: readonly KubeObject[]): Action {
  const text = known.reduce((all, { kind, metadata }) => {
    const ref = { namespace: metadata.namespace ?? '', name: metadata.name }
    const uid = kind === SHADOW_POD.kind && cluster.peek(SHADOW_POD, ref)?.metadata.uid
    return uid && metadata.uid ? all.replaceAll(uid, metadata.uid) : all
  }, JSON.stringify(action))
  return JSON.parse(text)
}
