import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Resource } from '../lib/cluster/port.ts'
import { EVENT, NAMESPACE, NAMESPACE_OFFLOADING, SYSTEM_NAMESPACE } from '../lib/cluster/resources.ts'
import { namespace } from '../lib/flows/namespace/kind.ts'
import { KINDS } from '../lib/kinds/index.ts'
import type { Kind, Side } from '../lib/kinds/kind.ts'
import { KUBELET_RIGHTS } from './kubelet-rights.ts'
import { MAPPING_RIGHTS } from './mapping-rights.ts'
import { NETWORK_RIGHTS, NETWORK_RIGHTS_IN_NAMESPACE } from './network-rights.ts'
import { NODE_RIGHTS } from './node-rights.ts'
import { VOLUME_RIGHTS } from './volume-rights.ts'

/** Group that the functions' credential is a member of: a certificate's organization, an EKS access entry's group. */
export const GROUP = 'heliograph'

/** Verbs on one resource, or on one of its subresources. */
export interface Rule {
  resource: Resource
  subresource?: string
  /** Only of these objects; absent: of any. */
  names?: readonly string[]
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

/** One rule a resource, or a set of its objects. */
export function merged(rules: readonly Rule[]): Rule[] {
  const groups = Map.groupBy(
    rules,
    ({ resource, subresource = '', names }) => `${resource.group}/${resource.plural}/${subresource} ${names}`,
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

/** Manifests of the functions' rights: one for each role, and one for what the internal network takes in both. */
const MANIFESTS = ['home', 'remote', 'network'] as const

export type RightsManifest = (typeof MANIFESTS)[number]

const EXPLANATION: Record<RightsManifest, string> = {
  home: 'Rights of the functions in a home cluster: they read what is reflected and report on it.',
  remote: 'Rights of the functions in a remote cluster: they keep the copies.',
  network:
    'Rights of the functions in a cluster with the internal network; its namespace comes with infra/gateway/rbac.yaml.',
}

/** Roles and bindings as YAML. A cluster that is home and remote gets both. */
export function manifestOf(manifest: RightsManifest): string {
  const name = `heliograph-${manifest}`
  const documents =
    manifest === 'network'
      ? [...granted(name, NETWORK_RIGHTS), ...granted(name, NETWORK_RIGHTS_IN_NAMESPACE, SYSTEM_NAMESPACE)]
      : granted(name, rulesOf(manifest))
  const made = manifest === 'network' ? '' : ' from the table of kinds'
  const head = `# ${EXPLANATION[manifest]}\n# Made by \`node infra/rbac.ts\`${made}; bound to the group "${GROUP}".\n`
  return head + documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join('---\n')
}

/** A role with these rules, and its binding. @param namespace where it holds; absent: in the whole cluster */
function granted(name: string, rules: readonly Rule[], namespace?: string): object[] {
  const [apiGroup, scope] = ['rbac.authorization.k8s.io', namespace === undefined ? 'Cluster' : '']
  const metadata = { name, ...(namespace !== undefined && { namespace }) }
  const role = {
    apiVersion: `${apiGroup}/v1`,
    kind: `${scope}Role`,
    metadata,
    rules: rules.map(({ resource, subresource, names, verbs }) => ({
      apiGroups: [resource.group],
      resources: [subresource ? `${resource.plural}/${subresource}` : resource.plural],
      ...(names && { resourceNames: names }),
      verbs,
    })),
  }
  const binding = {
    apiVersion: `${apiGroup}/v1`,
    kind: `${scope}RoleBinding`,
    metadata,
    roleRef: { apiGroup, kind: `${scope}Role`, name },
    subjects: [{ apiGroup, kind: 'Group', name: GROUP }],
  }
  return [role, binding]
}

export const pathOfManifest = (manifest: RightsManifest): string =>
  join(import.meta.dirname, 'rbac', `${manifest}.yaml`)

export const readManifest = (manifest: RightsManifest): Promise<string> => readFile(pathOfManifest(manifest), 'utf8')

if (import.meta.main) {
  for (const manifest of MANIFESTS) await writeFile(pathOfManifest(manifest), manifestOf(manifest))
}
