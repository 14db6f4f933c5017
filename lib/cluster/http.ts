import { ListBrokenError, UnreachableError } from './errors.ts'
import { type Attempt, failureOf, isAbsent } from './failure.ts'
import { PAGE_BYTES, type PageSize, pageSize } from './page-size.ts'
import {
  apiVersionOf,
  type Cluster,
  FIELD_MANAGER,
  type KubeObject,
  type ListOptions,
  pathOf,
  type Resource,
  UNREAD,
} from './port.ts'
import { createTransport, type Request, type Transport, type TransportOptions } from './transport.ts'
import { type Reply, WireError } from './wire.ts'

/** The port, and the requests beneath it for what the port has no verb for (token requests, access reviews, logs). */
export type HttpCluster = Cluster & Transport

const APPLY = new URLSearchParams({ fieldManager: FIELD_MANAGER, force: 'true' }).toString()

/**
 * The Cluster port to a real API server. Every request of it may be sent twice when a connection dies: reads change
 * nothing, and a write that was carried out the first time meets its own precondition the second (409, and the caller
 * observes again), or, without one, applies the same fields once more.
 */
export function httpCluster(options: TransportOptions): HttpCluster {
  return clusterOver(createTransport(options))
}

/** The same over a transport that is there already. */
export function clusterOver(transport: Transport): HttpCluster {
  const { id } = transport

  async function ask(method: string, path: string, body?: unknown, contentType?: string): Promise<Reply> {
    const content = body === undefined ? {} : { body: JSON.stringify(body), ...(contentType ? { contentType } : {}) }
    return await transport.request(method, path, { ...content, repeatable: true })
  }

  function objectOf({ resource, name, verb }: Attempt, reply: Reply): KubeObject {
    const object = parse(reply.text) as Partial<KubeObject> | undefined
    if (object?.kind === resource.kind && object.metadata?.name === name) return object as KubeObject
    throw new UnreachableError(id, `${verb} ${resource.plural}: the answer is cut off, or is about something else`)
  }

  /** The page that begins where `next` says, of as many objects as PAGE_BYTES holds. */
  async function read(resource: Resource, options: ListOptions, size: PageSize, next?: string): Promise<Page> {
    for (;;) {
      const path = `${pathOf(resource, options.namespace)}?${query(options, size.now(), next)}`
      const request: Request = size.now() === 1 ? {} : { atMost: PAGE_BYTES }
      const reply = await transport.request('GET', path, request).catch((error: unknown) => {
        if (!isTooLarge(error) || !size.shrink()) throw error
      })
      if (!reply) continue
      if (reply.status !== 200) throw failureOf(id, { verb: 'list', resource, namespace: options.namespace }, reply)
      const page = pageOf(reply)
      if (!page) throw new ListBrokenError(id, `a page of ${resource.plural} is cut off or malformed`)
      size.learn(page.items.length, Buffer.byteLength(reply.text))
      return page
    }
  }

  return {
    ...transport,

    async get(resource, ref) {
      const attempt: Attempt = { verb: 'get', resource, ...ref }
      const reply = await ask('GET', pathOf(resource, ref.namespace, ref.name))
      if (reply.status === 200) return objectOf(attempt, reply)
      if (isAbsent(reply, attempt)) return undefined
      throw failureOf(id, attempt, reply)
    },

    async *list(resource, options = {}) {
      const size = pageSize(options.limit)
      let next: string | undefined
      let snapshot: string | undefined
      do {
        const page = await read(resource, options, size, next)
        snapshot ??= page.version
        if (page.version !== snapshot)
          throw new ListBrokenError(id, `the pages of ${resource.plural} are of two snapshots`)
        if (page.items.length > 0) yield page.items.map((item) => named(resource, item))
        next = page.next
      } while (next)
    },

    async apply(resource, object, subresource) {
      const { namespace, name } = object.metadata
      const attempt: Attempt = { verb: 'patch', resource, namespace, name, subresource }
      const path = `${pathOf(resource, namespace, name, subresource)}?${APPLY}`
      const reply = await ask('PATCH', path, object, 'application/apply-patch+yaml')
      if (reply.status === 200 || reply.status === 201) return objectOf(attempt, reply)
      throw failureOf(id, attempt, reply)
    },

    async delete(resource, ref, preconditions, { gracePeriodSeconds } = {}) {
      const attempt: Attempt = { verb: 'delete', resource, ...ref }
      const options = {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        ...(preconditions !== UNREAD && { preconditions }),
        ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
      }
      const reply = await ask('DELETE', pathOf(resource, ref.namespace, ref.name), options)
      if (reply.status === 200 || reply.status === 202) return true
      if (isAbsent(reply, attempt)) return false
      throw failureOf(id, attempt, reply)
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof UnreachableError && error.cause instanceof WireError && error.cause.failure === 'large'

function query({ labelSelector, fieldSelector }: ListOptions, limit: number, next: string | undefined) {
  const parameters = new URLSearchParams({ limit: String(limit) })
  if (labelSelector) parameters.set('labelSelector', labelSelector)
  if (fieldSelector) parameters.set('fieldSelector', fieldSelector)
  if (next) parameters.set('continue', next)
  return parameters
}

interface Page {
  items: Partial<KubeObject>[]
  version: string
  next: string | undefined
}

/** Strict on purpose: a page taken for shorter than it is would make objects look deleted. */
function pageOf({ text }: Reply): Page | undefined {
  const list = parse(text) as
    | { items?: unknown; metadata?: { resourceVersion?: unknown; continue?: unknown } }
    | undefined
  const { resourceVersion, continue: next } = list?.metadata ?? {}
  if (!Array.isArray(list?.items) || typeof resourceVersion !== 'string') return undefined
  const items = list.items as Partial<KubeObject>[]
  if (!items.every((item) => typeof item?.metadata?.name === 'string')) return undefined
  return { items, version: resourceVersion, next: typeof next === 'string' && next !== '' ? next : undefined }
}

/** The API leaves apiVersion and kind out of the items of a list. */
function named(resource: Resource, item: Partial<KubeObject>): KubeObject {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...item } as KubeObject
}
