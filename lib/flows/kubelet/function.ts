import type { Readable } from 'node:stream'
import { ClusterError } from '../../cluster/errors.ts'
import { pathOf } from '../../cluster/port.ts'
import { POD } from '../../cluster/resources.ts'
import { HttpError } from '../../handler/errors.ts'
import type { StreamedAnswer } from '../../handler/stream.ts'
import { ORIGIN } from '../../kinds/meta.ts'
import { errorFields, type Log } from '../../log.ts'
import type { ConnectedPeering } from '../../peerings.ts'
import type { Caller, Identify } from './caller.ts'
import { portOf, readHomePod, requireRemotePod, whereIs } from './elsewhere.ts'
import { type KubeletRequest, toKubeletRequest } from './request.ts'
import { requireAccess } from './review.ts'
import { commandFor, logQuery, type Route, toRoute } from './route.ts'

export interface KubeletDeps {
  log: Log
  /** As `Identify`. */
  identify(...caller: Parameters<Identify>): Promise<Caller>
  peerings: readonly ConnectedPeering[]
  /** Context of a kubeconfig, by ClusterID: for commands that people are told. */
  contexts: Readonly<Record<string, string>>
  now?: () => number
}

/**
 * The kubelet API of all virtual nodes, at one address: which cluster calls is known by its certificate, and which one
 * a pod runs in by the pod itself.
 *
 * | asked for | answer |
 * |---|---|
 * | logs | those of the remote pod, as they come |
 * | exec, attach, port-forward | 400 with the command that does it: a function can hold no such session |
 * | metrics | 501: they are measured where the pods run |
 * | all else | 404 |
 */
export function kubelet({ log, identify, peerings, contexts, now = Date.now }: KubeletDeps) {
  async function serve(request: KubeletRequest, signal: AbortSignal): Promise<StreamedAnswer> {
    const caller = await identify(request.certificate, now())
    const route = toRoute(request)
    const ofHome = peerings.filter(({ home }) => home.id === caller.home)
    const told = { home: caller.home, user: caller.user, ask: route.ask }
    if (!('pod' in route)) {
      await allow(ofHome, caller, request, route, '')
      return { ...other(route, ofHome, contexts), told }
    }
    const { namespace, pod: name } = route
    const homePod = await readHomePod(homeOf(ofHome), namespace, name)
    await allow(ofHome, caller, request, route, homePod.nodeName)
    const found = await whereIs(homePod, ofHome)
    const { remote } = found.peering
    const line = { ...told, namespace, name, remote: remote.id }
    if (route.ask === 'session') {
      const { remoteNamespace } = found
      const elsewhere = {
        context: contexts[remote.id] ?? remote.id,
        namespace: remoteNamespace,
        port: portOf(homePod.pod),
      }
      const command = commandFor(route, request.query, elsewhere)
      return { status: 400, body: `the pod runs in cluster ${remote.id}, so ask there: ${command}\n`, told: line }
    }
    await requireRemotePod(found, name)
    const path = pathOf(POD, found.remoteNamespace, name, 'log')
    const reply = await remote.stream(`${path}?${logQuery(route.container, request.query)}`, signal)
    if (reply.status === 200) return { status: 200, body: reply.body, told: line }
    const why = await messageOf(reply.body)
    // The text of a 400 is shown to kubectl's user.
    return { status: reply.status < 500 ? 400 : 500, body: `cluster ${remote.id}: ${why}`, told: line }
  }

  async function answer(event: unknown, signal: AbortSignal): Promise<StreamedAnswer> {
    try {
      return await serve(toKubeletRequest(event), signal)
    } catch (error) {
      if (error instanceof HttpError) return { status: error.status, body: error.message, told: { why: error.message } }
      log.error('failed', errorFields(error))
      return { status: 500, body: error instanceof ClusterError ? error.message : 'unexpected' }
    }
  }

  return answer
}

function homeOf(peerings: readonly ConnectedPeering[]): ConnectedPeering {
  const [peering] = peerings
  if (!peering) throw new NoPeeringError('this cluster extends into no other')
  return peering
}

class NoPeeringError extends HttpError {
  readonly status = 400
}

async function allow(
  peerings: readonly ConnectedPeering[],
  caller: Caller,
  { method }: KubeletRequest,
  { ask }: Route,
  node: string,
): Promise<void> {
  await requireAccess(homeOf(peerings).home, caller, { method, ask }, node)
}

function other(
  { ask }: Route,
  peerings: readonly ConnectedPeering[],
  contexts: KubeletDeps['contexts'],
): StreamedAnswer {
  if (ask !== 'metrics') return { status: 404, body: 'a virtual node serves logs only' }
  const commands = peerings.map(
    ({ home, remote }) =>
      `kubectl --context ${contexts[remote.id] ?? remote.id} top pods --all-namespaces -l ${ORIGIN}=${home.id}`,
  )
  return { status: 501, body: `pods are measured where they run: ${commands.join('; ')}` }
}

/** Bytes of an error that are read. */
const LONGEST_ERROR = 16_384

/** The message of a metav1.Status, else what was answered. */
async function messageOf(body: Readable): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    if (text.length > LONGEST_ERROR) break
  }
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string') return message
  } catch {}
  return text.slice(0, LONGEST_ERROR)
}
