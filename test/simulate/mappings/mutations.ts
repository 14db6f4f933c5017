import type { KubeObject } from '../../../lib/cluster/port.ts'
import { ENDPOINT_MAPPING, ENDPOINT_SLICE } from '../../../lib/cluster/resources.ts'
import { RELEASING } from '../../../lib/flows/mapping/mapping.ts'
import type { ActorNode } from '../actor.ts'
import { type Answer, type Call, type Listed, toAnswer, toCall } from '../calls.ts'
import { build } from '../past.ts'
import { type Answering, asTheyAre } from './explore.ts'

/** The protocol with one of its guards taken away, by clusters that do not carry out what makes the guard. */
export const MUTATIONS: Readonly<Record<string, Answering>> = {
  'the mark is not written': (scene, call) => {
    const isMark = call.verb === 'apply' && isMapping(call) && call.object.metadata.annotations?.[RELEASING] === 'true'
    return asTheyAre(scene, isMark ? readOf(call) : call)
  },

  'users do not see the mark': async (scene, call) => {
    const outcome = await asTheyAre(scene, call)
    const isRead = isMapping(call) && (call.verb === 'list' || call.verb === 'get')
    return isRead ? { ...outcome, answer: withoutMarks(outcome.answer) } : outcome
  },

  'what is listed before the mark counts': async (scene, call, node) => {
    const earlier = call.verb === 'list' && call.resource.plural === ENDPOINT_SLICE.plural && answerTo(call, node)
    return earlier ? { answer: earlier, next: scene } : asTheyAre(scene, call)
  },

  'mappings are not looked at again after a write': async (scene, call, node) => {
    const isSecond = call.verb === 'list' && isMapping(call) && lastWrite(node)?.side === 'remote'
    const earlier = isSecond && answerTo(call, node)
    return earlier ? { answer: earlier, next: scene } : asTheyAre(scene, call)
  },

  'deletions go by the name alone': (scene, call) => {
    if (call.verb !== 'delete' || !isMapping(call)) return asTheyAre(scene, call)
    const { uid = '', resourceVersion = '' } = build(scene).peek(call.resource, call.ref)?.metadata ?? {}
    const { side, verb, resource, ref } = call
    return asTheyAre(scene, toCall({ side, verb, resource, ref, preconditions: { uid, resourceVersion } }))
  },

  'a new mapping replaces another of its name': (scene, call) => {
    if (call.verb !== 'apply' || !isMapping(call)) return asTheyAre(scene, call)
    const { uid: _, resourceVersion: __, ...metadata } = call.object.metadata
    const { side, verb, resource } = call
    return asTheyAre(scene, toCall({ side, verb, resource, object: { ...call.object, metadata } }))
  },
}

function isMapping({ resource }: Call): boolean {
  return resource.plural === ENDPOINT_MAPPING.plural
}

/** Reads what the call would write. */
function readOf(call: Extract<Call, { verb: 'apply' }>): Call {
  const { side, resource, object } = call
  return toCall({ side, verb: 'get', resource, ref: { name: object.metadata.name } })
}

function withoutMarks({ value, error }: Answer): Answer {
  if (error || value === undefined) return toAnswer(value, error)
  const { pages } = value as Listed
  return toAnswer(pages ? { pages: pages.map((page) => page.map(withoutMark)) } : withoutMark(value as KubeObject))
}

function withoutMark({ metadata: { annotations: _, ...metadata }, ...object }: KubeObject): KubeObject {
  return { ...object, metadata } as KubeObject
}

/** What the function was told when it asked the same before. */
function answerTo(call: Call, node: ActorNode): Answer | undefined {
  for (let link = node.before; link; link = link.node.before) {
    if (link.node.calls[link.index] === call) return link.answer
  }
  return undefined
}

/** What the function wrote last, if it has not begun another look since: each begins with the copy. */
function lastWrite(node: ActorNode): Call | undefined {
  for (let link = node.before; link; link = link.node.before) {
    const call = link.node.calls[link.index]
    if (call?.verb === 'apply' || call?.verb === 'delete') return call
    if (call?.side === 'remote' && call.resource.plural === ENDPOINT_SLICE.plural) return undefined
  }
  return undefined
}
