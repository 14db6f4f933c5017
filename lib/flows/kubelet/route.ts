import type { KubeletRequest } from './request.ts'

/** A container of a home pod; sessions of port-forward name none. */
export interface Place {
  namespace: string
  pod: string
  container: string
}

export type SessionKind = 'exec' | 'attach' | 'portForward'

/** What a kubelet is asked for. */
export type Route =
  | ({ ask: 'logs' } & Place)
  | ({ ask: 'session'; kind: SessionKind } & Place)
  | { ask: 'metrics' }
  | { ask: 'other' }

/**
 * | path | route |
 * |---|---|
 * | /containerLogs/shop/web-0/app | logs of that container |
 * | /exec/shop/web-0/app, with the pod's uid before the container or without; /attach/… the same | session |
 * | /portForward/shop/web-0, with the pod's uid or without | session |
 * | /metrics/… , /stats/… | metrics |
 */
export function toRoute({ method, path }: Pick<KubeletRequest, 'method' | 'path'>): Route {
  const [, root = '', ...steps] = path.split('/').map(decoded)
  const [namespace = '', pod = ''] = steps
  const isPod = namespace !== '' && pod !== ''
  if (root === 'containerLogs' && method === 'GET' && isPod && steps.length === 3 && steps[2]) {
    return { ask: 'logs', namespace, pod, container: steps[2] }
  }
  if ((root === 'exec' || root === 'attach') && isPod && (steps.length === 3 || steps.length === 4)) {
    return { ask: 'session', kind: root, namespace, pod, container: steps.at(-1) ?? '' }
  }
  if (root === 'portForward' && isPod) return { ask: 'session', kind: root, namespace, pod, container: '' }
  return { ask: root === 'metrics' || root === 'stats' ? 'metrics' : 'other' }
}

/** Text that is no encoding is what it is. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

const LOG_PARAMETERS = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'stream',
]
/** More than any of them needs. */
const LONGEST_VALUE = 64

/** The kubelet's parameters as the API server knows them, e.g. `container=app&follow=true`. */
export function logQuery(container: string, query: URLSearchParams): URLSearchParams {
  const parameters = new URLSearchParams({ container })
  for (const name of LOG_PARAMETERS) {
    const value = query.get(name)
    // Said by every API server that knows of streams; one that does not would refuse it.
    if (name === 'stream' && value === 'All') continue
    if (value !== null && value.length <= LONGEST_VALUE) parameters.set(name, value)
  }
  // The name that it once had.
  const tail = query.get('tail')
  if (tail !== null && /^\d{1,9}$/.test(tail)) parameters.set('tailLines', tail)
  return parameters
}

/** Where a pod runs, as kubectl is told. */
export interface Elsewhere {
  /** Of a kubeconfig. */
  context: string
  namespace: string
  /** A port of the pod, if it names any. */
  port?: number | undefined
}

/** The command that does there what was asked for here, e.g. `kubectl --context milan -n shop-rome exec -it web-0 -c app -- sh`. */
export function commandFor(
  { kind, pod, container }: Extract<Route, { ask: 'session' }>,
  query: URLSearchParams,
  { context, namespace, port }: Elsewhere,
): string {
  const kubectl = ['kubectl', '--context', context, '-n', namespace]
  if (kind === 'portForward') return spoken([...kubectl, 'port-forward', `pod/${pod}`]).concat(` ${port ?? '<port>'}`)
  const flags = `${isSet(query, 'input') ? 'i' : ''}${isSet(query, 'tty') ? 't' : ''}`
  const words = [...kubectl, kind, ...(flags ? [`-${flags}`] : []), pod, '-c', container]
  return spoken(kind === 'exec' ? [...words, '--', ...query.getAll('command')] : words)
}

function isSet(query: URLSearchParams, name: string): boolean {
  return ['1', 'true'].includes(query.get(name) ?? '')
}

/** As a shell takes it. */
function spoken(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}
