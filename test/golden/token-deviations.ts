import type { KubeObject } from '../../lib/cluster/port.ts'
import { type Json, mapOf } from '../../lib/kinds/json.ts'
import type { Golden } from './cases.ts'
import { ANY_TEXT } from './compare.ts'
import type { Deviation } from './deviations.ts'
import { isAnswer, withActions } from './reflection.ts'

/** Where the tokens of pods mean to differ. */
export const tokenDeviations: readonly Deviation[] = [
  {
    name: 'tokens-in-data',
    reason:
      'Tokens are applied as `data`: of `stringData` the API server remembers no owner, so that one dropped later would stay.',
    rewrite: (expected, given) =>
      withSecret(expected, given, (secret) => {
        const { stringData, ...rest } = secret
        const data = Object.fromEntries(
          Object.entries(mapOf(stringData)).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]),
        )
        return { ...rest, data }
      }),
  },
  {
    name: 'tokens-tell-their-time',
    reason:
      'The Secret says when each of its tokens expires, and when the first is to be refreshed: whoever looks at it next knows nothing else. Liqo keeps that in memory.',
    rewrite: (expected, given) =>
      withSecret(expected, given, (secret) => {
        const times = { 'heliograph.io/token-expirations': ANY_TEXT, 'heliograph.io/token-refresh': ANY_TEXT }
        const metadata = mapOf(secret.metadata)
        return { ...secret, metadata: { ...metadata, annotations: { ...mapOf(metadata.annotations), ...times } } }
      }),
  },
  {
    name: 'tokens-by-schedule',
    reason: 'A schedule refreshes tokens: nothing waits for one to expire. A success is no Event.',
    rewrite: (expected, given) => {
      if (given.kind !== 'reflect-serviceaccount' || !isAnswer(expected) || expected.requeueAfter !== true)
        return expected
      const { requeueAfter: _, ...rest } = expected
      return {
        ...rest,
        events: expected.events.filter((event) => !/^Normal SuccessfulSATokensReflection /.test(event)),
      }
    },
  },
]

function withSecret(expected: unknown, given: Golden, change: (secret: Json) => Json): unknown {
  if (given.fn === 'RemoteServiceAccountSecret') return change(mapOf(expected))
  if (given.kind !== 'reflect-serviceaccount') return expected
  return withActions(expected, (action) => {
    if (action.verb !== 'apply' || action.resource !== 'secrets') return action
    return { ...action, object: change(mapOf(action.object)) as KubeObject }
  })
}
