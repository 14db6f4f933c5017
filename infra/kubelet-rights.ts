import type { Resource } from '../lib/cluster/port.ts'
import { NODE, POD } from '../lib/cluster/resources.ts'
import type { Side } from '../lib/kinds/kind.ts'

const ACCESS_REVIEW: Resource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'subjectaccessreviews',
  kind: 'SubjectAccessReview',
  namespaced: false,
}

/** What serving the kubelet API of virtual nodes takes: it is no kind, so that the table of kinds does not say. */
export const KUBELET_RIGHTS: Readonly<
  Record<Side, readonly { resource: Resource; subresource?: string; verbs: readonly string[] }[]>
> = {
  home: [
    // Whether the caller may; nothing is stored.
    { resource: ACCESS_REVIEW, verbs: ['create'] },
    { resource: POD, verbs: ['get'] },
    { resource: NODE, verbs: ['get'] },
  ],
  remote: [
    { resource: POD, verbs: ['get'] },
    { resource: POD, subresource: 'log', verbs: ['get'] },
  ],
}
