import * as z from 'zod/mini'
import { type Reading, readItems, type Write } from './write.ts'

const TYPES = /^dev\.knative\.apiserver\.(?:resource|ref)\.(?:add|update|delete)$/

/**
 * `/apis/v1/namespaces/shop/pods/web-0`, `/apis/apps/v1/namespaces/shop/deployments/web`, `/apis/v1/namespaces//nodes/n1`
 * (so Knative writes cluster-scoped ones), and the API server's own form `/api/v1/nodes/n1`.
 */
const SUBJECT = /^\/apis?\/(?:([^/]+)\/)?v\d[^/]*(?:\/namespaces\/([^/]{0,63}))?\/([^/]+)\/([^/]{1,253})$/

/** A CloudEvent 1.0; `data`, the object or a reference to it (or to its owner), is not read: the subject says it all. */
export const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  type: z.string(),
  subject: z.optional(z.string().check(z.maxLength(1024))),
})

type CloudEvent = z.infer<typeof cloudEvent>

const kubernetesEvent = cloudEvent.check(
  z.refine(({ type, subject }) => !TYPES.test(type) || SUBJECT.test(subject ?? ''), {
    path: ['subject'],
    message: 'expected the path of an object, e.g. /apis/v1/namespaces/default/pods/foo',
  }),
)

export const cloudEventBatch = z.array(z.unknown())

/**
 * Events of other types are not ours: received, and dropped.
 * @param pathOf where an event is in the body
 */
export function readCloudEvents(
  events: readonly unknown[],
  pathOf: (index: number) => string = (index) => `[${index}]`,
): Reading {
  return readItems(events, kubernetesEvent, cloudEventWrite, pathOf)
}

/** Binary mode: the attributes are headers `ce-…`; object names need none of the percent-encoding they may have. */
export function readBinaryCloudEvent(headers: Readonly<Record<string, string>>): Reading {
  const { 'ce-specversion': specversion, 'ce-type': type, 'ce-subject': subject } = headers
  return readItems([{ specversion, type, subject }], kubernetesEvent, cloudEventWrite, () => 'headers.ce')
}

function cloudEventWrite({ type, subject = '' }: CloudEvent): Write | undefined {
  const path = TYPES.test(type) ? SUBJECT.exec(subject) : null
  if (!path) return undefined
  const [, group = '', namespace = '', resource = '', name = ''] = path
  // A watch does not say who wrote: our own writes come back once and find nothing to do.
  return { group, plural: pluralOf(resource), subresource: '', namespace, name, own: false }
}

/**
 * Knative names a collection by the lower-case kind and an "s" whatever the grammar: `ingresss`, `networkpolicys`. Made
 * right as the API machinery guesses it (UnsafeGuessKindToResource); right ones stay as they are.
 */
export function pluralOf(collection: string): string {
  const kind = collection.replace(/s$/, '')
  if (kind.endsWith('s')) return kind === 'endpoints' ? kind : `${kind}es`
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : collection
}
