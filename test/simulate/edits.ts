import type { KubeObject, ObjectRef } from '../../lib/cluster/port.ts'
import { CONFIGMAP, NAMESPACE, NAMESPACE_OFFLOADING } from '../../lib/cluster/resources.ts'
import { OFFLOADING_NAME } from '../../lib/flows/namespace/name.ts'
import type { Side } from '../../lib/kinds/kind.ts'
import { DESTINATION, ORIGIN } from '../../lib/kinds/meta.ts'
import { HOME_NAMESPACE } from '../../lib/reflect/pairs.ts'
import { SKIP } from '../../lib/reflect/selection.ts'
import type { MemoryCluster } from '../support/memory-cluster.ts'
import type { Edit } from './past.ts'

/** What people do in the worlds. One ConfigMap `cfg`, in `shop` at home and `shop-rome` remotely unless told. */

export const HOME = 'shop'
export const REMOTE = 'shop-rome'
export const NAME = 'cfg'

/** Paths (calls.ts) of that source and its target: the ones whose versions are followed. */
export const SOURCE_PATH = `home:${HOME}/${NAME}`
export const TARGET_PATH = `remote:${REMOTE}/${NAME}`

const made = new Map<string, Edit>()

/** One edit a label: edits are compared by identity. */
function edit(side: Side, label: string, change: Edit['change'], rest: Partial<Edit> = {}): Edit {
  const key = `${side}: ${label}`
  const known = made.get(key) ?? { label: key, side, change, ...rest }
  made.set(key, known)
  return known
}

const at = (namespace: string, name = NAME) => ({ namespace, name })

function onObject(side: Side, label: string, change: (object: KubeObject) => void, ref: ObjectRef): Edit {
  return edit(side, `${label} ${ref.namespace}/${ref.name}`, (c) => c.user.edit(CONFIGMAP, ref, change))
}

/** A cluster's namespaces: those of home are offloaded, and a remote one of ours names the home namespace it copies. */
export function namespace(side: Side, name: string, copyOf?: string): Edit {
  const labels = copyOf && { [ORIGIN]: 'rome', [DESTINATION]: 'milan', [HOME_NAMESPACE]: copyOf }
  const change = ({ user }: MemoryCluster) => {
    user.create(NAMESPACE, { metadata: { name, ...(labels && { labels }) } })
    if (side === 'home') user.create(NAMESPACE_OFFLOADING, { metadata: at(name, OFFLOADING_NAME), spec: {} })
  }
  return edit(side, `namespace ${name}${copyOf ? ` as copy of ${copyOf}` : ''}`, change, { namespaces: true })
}

export const unmap = (name: string): Edit =>
  edit('remote', `delete namespace ${name}`, (cluster) => void cluster.user.delete(NAMESPACE, { name }), {
    namespaces: true,
  })

export const finalize = (name: string): Edit => {
  const change = (cluster: MemoryCluster) => {
    if (cluster.peek(NAMESPACE, { name })?.metadata.deletionTimestamp) cluster.finalize(name)
  }
  return edit('remote', `namespace ${name} is gone`, change, { namespaces: true, slow: true })
}

/** Somebody makes the copy of one namespace that of another, with all that is in it. */
export const relabel = (name: string, copyOf: string): Edit => {
  const change = ({ user }: MemoryCluster) =>
    user.edit(NAMESPACE, { name }, (o) => (o.metadata.labels = { ...o.metadata.labels, [HOME_NAMESPACE]: copyOf }))
  return edit('remote', `namespace ${name} becomes the copy of ${copyOf}`, change, { namespaces: true, slow: true })
}

/** `value` is that of the only key, `k`. */
export const create = (value: string, namespace = HOME, name = NAME): Edit =>
  edit('home', `create ${namespace}/${name} with ${value}`, (cluster) =>
    cluster.user.create(CONFIGMAP, { metadata: at(namespace, name), data: { k: value } }),
  )

export const set = (value: string, namespace = HOME): Edit =>
  onObject(
    'home',
    `set to ${value}`,
    (object) => (object.data = { ...(object.data as object), k: value }),
    at(namespace),
  )

/** A second key appears, and goes again. */
export const widen = onObject('home', 'add a key to', (o) => (o.data = { ...(o.data as object), l: 'x' }), at(HOME))
export const narrow = onObject('home', 'drop a key of', (o) => delete (o.data as { l?: string }).l, at(HOME))

export const skip = onObject('home', 'skip', (o) => (o.metadata.annotations = { [SKIP]: 'true' }), at(HOME))
export const unskip = onObject('home', 'no longer skip', (o) => delete o.metadata.annotations, at(HOME))

export const remove = (namespace = HOME, name = NAME): Edit =>
  edit('home', `delete ${namespace}/${name}`, (cluster) => void cluster.user.delete(CONFIGMAP, at(namespace, name)))

export const drift = onObject(
  'remote',
  'overwrite',
  (o) => (o.data = { ...(o.data as object), k: 'drift' }),
  at(REMOTE),
)
export const unmark = onObject('remote', 'take the marks off', (o) => delete o.metadata.labels, at(REMOTE))
export const unstamp = onObject('remote', 'take the stamp off', (o) => delete o.metadata.annotations, at(REMOTE))
export const hold = onObject('remote', 'hold by a finalizer', (o) => (o.metadata.finalizers = ['x/y']), at(REMOTE))
export const release = onObject('remote', 'release', (o) => delete o.metadata.finalizers, at(REMOTE))

export const erase = edit(
  'remote',
  `delete ${REMOTE}/${NAME}`,
  (cluster) => void cluster.user.delete(CONFIGMAP, at(REMOTE)),
)

/** An object of somebody else's where the target belongs. */
export const obstruct = edit('remote', `create an unmarked ${REMOTE}/${NAME}`, (cluster) =>
  cluster.user.create(CONFIGMAP, { metadata: at(REMOTE), data: { k: 'theirs' } }),
)

/** The ClusterID leads to another cluster. */
export function swap(side: Side, label: string, past: readonly Edit[]): Edit {
  const name = side === 'home' ? 'rome-other' : 'milan-other'
  return edit(side, `another cluster: ${label}`, () => {}, { other: { name, past }, namespaces: true })
}
