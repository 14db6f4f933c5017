import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Resource } from '../lib/cluster/port.ts'
import { EVENT, NAMESPACE, NAMESPACE_OFFLOADING } from '../lib/cluster/resources.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'
import type { Kind, Side } from '../lib/kinds/kind.ts'
import { KUBELET_RIGHTS } from './kubelet-rights.ts'
import { MAPPING_RIGHTS } from './mapping-rights.ts'
import { NODE_RIGHTS } from './node-rights.ts'
import { VOLUME_RIGHTS } from './volume-rights.ts'

/** Group that the functions' credential is a member of: a certificate's organization, an EKS access entry's group. */
export const GROUP = 'heliograph'

/** Verbs on one resource, or on one of its subresources. */
export interface Rule {
  resource: Resource
  subresource?: string
  verbs: readonly string[]
}

const READ = ['get', 'list']
/** An apply that creates needs `create` too. */
const WRITE = ['create', 'delete', 'patch']

/** What the functions may do in a cluster of that role, from the table of kinds: one rule a resource. */
export function rulesOf(side: Side, kinds: readonly Kind[] = [namespace, ...KINDS]): Rule[] {
  return merged([
    ...OWN[side],
    ...NODE_RIGHTS[side],
    ...VOLUME_RIGHTS[side],
    ...KUBELET_RIGHTS[side],
    ...MAPPING_RIGHTS[side],
    ...kindRules(kinds, side),
  ])
}

/** What it takes to reflect these kinds, in a cluster of that role. */
export function kindRules(kinds: readonly Kind[], side: Side): Rule[] {
  const sources = kinds.filter(({ source }) => source.side === side)
  const targets = kinds.filter(({ target }) => target.side === side)
  const reads = kinds.flatMap((kind) => Object.values(kind.reads ?? {})).filter((read) => read.side === side)
  return [
    ...sources.map(({ source }) => ({ resource: source.resource, verbs: READ })),
    ...targets.map(({ target }) => ({ resource: target.resource, verbs: [...READ, ...WRITE] })),
    ...sources.flatMap(givingRules),
    ...reads.map(({ resource }) => ({ resource, verbs: READ })),
    ...kinds.flatMap((kind) => providingRules(kind, side)),
  ]
}

/** The owner of a source is told by an Event beside it. */
export const TELL: Rule = { resource: EVENT, verbs: ['create', 'patch'] }

const OWN: Record<Side, readonly Rule[]> = {
  home: [
    // The label that its pods are admitted by.
    { resource: NAMESPACE, verbs: ['get', 'patch'] },
    { resource: NAMESPACE_OFFLOADING, subresource: 'status', verbs: ['patch'] },
    TELL,
  ],
  remote: [TELL],
}

/** One rule a resource. */
export function merged(rules: readonly Rule[]): Rule[] {
  const groups = Map.groupBy(
    rules,
    ({ resource, subresource = '' }) => `${resource.group}/${resource.plural}/${subresource}`,
  )
  return [...groups.values()].map((same) => ({ ...same[0]!, verbs: [...new Set(same.flatMap(({ verbs }) => verbs))] }))
}

/** What it takes to give back to a source. */
function givingRules({ source: { resource }, back }: Kind): Rule[] {
  const writes = back?.writes ?? []
  return [
    ...(writes.includes('labels') ? [{ resource, verbs: ['patch'] }] : []),
    ...(writes.includes('end') ? [{ resource, verbs: ['delete'] }] : []),
    ...(writes.includes('status') ? [{ resource, subresource: 'status', verbs: ['patch'] }] : []),
  ]
}

/** What it takes to make what sources need; an apply that makes something needs `patch` too. */
function providingRules({ provides, reads = {} }: Kind, side: Side): Rule[] {
  const read = provides && reads[provides.read]
  return read?.side === side ? [{ resource: read.resource, verbs: ['create', 'patch'] }] : []
}

const EXPLANATION: Record<Side, string> = {
  home: 'Rights of the functions in a home cluster: they read what is reflected and report on it.',
  remote: 'Rights of the functions in a remote cluster: they keep the copies.',
}

/** ClusterRole and binding as YAML. A cluster that is home and remote gets both. */
export function manifestOf(side: Side): string {
  const name = `heliograph-${side}`
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: rulesOf(side).map(({ resource, subresource, verbs }) => ({
      apiGroups: [resource.group],
      resources: [subresource ? `${resource.plural}/${subresource}` : resource.plural],
      verbs,
    })),
  }
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: GROUP }],
  }
  const head = `# ${EXPLANATION[side]}\n# Made by \`node infra/rbac.ts\` from the table of kinds; bound to the group "${GROUP}".\n`
  return head + [role, binding].map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n')
}

export const pathOfManifest = (side: Side): string => join(import.meta.dirname, 'rbac', `${side}.yaml`)

export const readManifest = (side: Side): Promise<string> => readFile(pathOfManifest(side), 'utf8')

if (import.meta.main) {
  for (const side of ['home', 'remote'] as const) await writeFile(pathOfManifest(side), manifestOf(side))
}
