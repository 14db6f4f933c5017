import type { KubeObject } from '../../../lib/cluster/port.ts'
import { POD, SECRET } from '../../../lib/cluster/resources.ts'
import { serveOnce } from '../../../lib/flows/serviceaccount/flow.ts'
import { tokenSecret } from '../../../lib/flows/serviceaccount/secret.ts'
import { earliest, refreshDue, type Token, tokenRequestSpec } from '../../../lib/flows/serviceaccount/tokens.ts'
import { logger } from '../../../lib/log.ts'
import type { Golden } from '../cases.ts'
import { clustersOf } from '../clusters.ts'
import { contextOf } from '../context.ts'
import { paramsOf } from '../pods.ts'
import type { Answer } from '../reflection.ts'
import { inputOf, type Runners } from '../runner.ts'
import { recorded } from './reflect.ts'

interface Input {
  podName: string
  podUID: string
  serviceAccountName: string
  tokens: Token[]
}

/** The pod that a case is about. */
function podOf(given: Golden): KubeObject {
  const { podName: name = '', podUID: uid = '', serviceAccountName } = inputOf<Input>(given)
  const { nodeName } = paramsOf(given)
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, uid }, spec: { nodeName, serviceAccountName } }
}

export const tokens: Runners = {
  RemoteServiceAccountSecret: (given) =>
    tokenSecret(podOf(given), inputOf<Input>(given).tokens ?? [], contextOf(given)),
  ServiceAccountTokens: (given) => {
    const { tokens: all = [] } = inputOf<Input>(given)
    return {
      earliestExpiration: earliest(all.map(({ expiration }) => Date.parse(expiration))),
      earliestRefresh: earliest(all.map(refreshDue)),
      tokens:
        all.length === 0
          ? null
          : all.map((token) => ({
              key: token.key,
              refreshDue: earliest([refreshDue(token)]),
              tokenRequest: requestOf(podOf(given), token),
            })),
      tokensForSecret: Object.fromEntries(all.map(({ key, token }) => [key, token])),
    }
  },
}

/** As typed clients print it. */
function requestOf(pod: KubeObject, source: Parameters<typeof tokenRequestSpec>[1]): object {
  const status = { token: '', expirationTimestamp: null }
  return { metadata: {}, spec: { audiences: null, ...tokenRequestSpec(pod, source) }, status }
}

export const reflectTokens: Runners = {
  ReflectHandle: async (given) => {
    const { local = [], remote: there = [] } = inputOf<{ local: KubeObject[]; remote: KubeObject[] }>(given)
    const { home, remote } = clustersOf(given)
    const { homeNamespace, remoteNamespace, reflection, ...context } = contextOf(given)
    for (const pod of local) home.user.create(POD, pod)
    const [pod] = local
    const uid = pod && home.peek(POD, { namespace: homeNamespace, name: pod.metadata.name })?.metadata.uid
    const ofCase = (text: string) => (uid ? text.replaceAll(uid, pod.metadata.uid ?? '') : text)
    // The pod in memory has a uid of its own, and what was made for it says so.
    const ofMemory = (object: KubeObject): KubeObject =>
      JSON.parse(uid ? JSON.stringify(object).replaceAll(pod.metadata.uid ?? '', uid) : JSON.stringify(object))
    for (const secret of there) remote.user.create(SECRET, ofMemory(secret))
    const answer: Answer = { actions: [], events: [] }
    const peering = {
      ...context,
      home: recorded('local', home, local, answer),
      remote: recorded('remote', remote, there, answer),
      reflection: { serviceaccount: reflection },
      pods: { apiServer: 'TokenAPI' as const },
      log: logger('silent'),
      ask: async (one: KubeObject, source: Parameters<typeof tokenRequestSpec>[1]): Promise<Token> => {
        const { serviceAccountName: name } = one.spec as { serviceAccountName: string }
        const place = { cluster: 'local' as const, verb: 'create', resource: 'serviceaccounts' }
        const object = requestOf(one, source) as KubeObject
        answer.actions.push({ ...place, subresource: 'token', namespace: homeNamespace, name, object } as never)
        const expiration = String(given.params.tokenExpiration)
        return { ...source, token: `token-for:${name}:${source.audience}`, expiration }
      },
    }
    const pair = { homeNamespace, remoteNamespace }
    const outcome = await serveOnce(peering, pair, String(given.params.name), Date.parse('2026-03-02T10:30:00Z'))
    const told = JSON.parse(ofCase(JSON.stringify(answer))) as Answer
    return outcome.again ? { ...told, error: 'once more' } : told
  },
}
