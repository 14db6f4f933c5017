import { PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { describe, expect, test } from 'vitest'
import { DETAIL_TYPE, EVENT_SOURCE } from '../../../lib/event/change.ts'
import { PLACE, STACK } from '../account.ts'
import { DEAD_LETTERS, messagesIn } from '../dead-letters.ts'
import type { Scene } from '../scene.ts'

export function eventCases(scene: Scene): void {
  describe('events', () => {
    test('what kubectl writes in rome arrives in milan: webhook, EventBridge, rule, function of the kind', async () => {
      const { lambda, kubectl, there } = scene
      await kubectl('create', 'configmap', 'settings', '--from-literal=k=v')
      expect((await there('configmap', 'settings')).data).toEqual({ k: 'v' })
      await kubectl('create', 'secret', 'generic', 'token', '--from-literal=k=v')
      await there('secret', 'token')
      await scene.quiet()

      const rule = lambda.deployed().rules.find(({ target }) => target === 'configmap')
      const delivery = lambda.deliveries.find(({ event }) => JSON.stringify(event).includes('"settings"'))
      expect(delivery).toMatchObject({
        function: 'configmap',
        from: rule?.arn,
        event: { account: PLACE.account, region: PLACE.region, source: EVENT_SOURCE, detail: { kind: 'configmap' } },
      })
      expect(await messagesIn(scene.account, DEAD_LETTERS)).toBe(0)
    })

    test('changes and deletions follow', async () => {
      const { kubectl, there, gone } = scene
      await kubectl('create', 'configmap', 'changing', '--from-literal=k=v')
      await there('configmap', 'changing')
      await kubectl('patch', 'configmap', 'changing', '--patch', '{"data":{"k":"w"}}')
      await there('configmap', 'changing', ({ data }) => (data as { k: string }).k === 'w')
      await kubectl('delete', 'configmap', 'changing')
      await gone('configmap', 'changing')
    })

    test('each rule wakes its function, and no other', async () => {
      const { lambda } = scene
      const wanted = lambda.deployed().rules.flatMap(({ pattern, target, arn }) => {
        const { detail } = pattern as { detail: { kind: string[] } }
        return detail.kind.map((kind) => ({ kind, line: `${kind}: ${target} by ${arn} done` }))
      })
      await scene.quiet()
      const before = lambda.deliveries.length
      for (const kind of new Set(wanted.map((one) => one.kind))) await put(scene, { kind })
      await scene.quiet()
      const seen = lambda.deliveries.slice(before).map(({ event, from, result, ...one }) => {
        const { detail } = event as { detail: { kind: string } }
        return `${detail.kind}: ${one.function} by ${from} ${result}`
      })
      expect(seen.toSorted()).toEqual(wanted.map(({ line }) => line).toSorted())
    })

    test('what no rule is for wakes nobody', async () => {
      await scene.quiet()
      const before = scene.lambda.deliveries.length
      await put(scene, { kind: 'configmap' }, { Source: 'else' })
      await put(scene, { kind: 'configmap' }, { DetailType: 'else' })
      await put(scene, { kind: 'else' })
      await scene.quiet()
      expect(scene.lambda.deliveries.slice(before)).toEqual([])
    })
  })
}

/** Puts one event about an object that does not exist. */
async function put({ account }: Scene, detail: { kind: string }, entry: object = {}): Promise<void> {
  const change = { cluster: 'rome', namespace: 'nowhere', names: ['nothing'], ...detail }
  const Detail = JSON.stringify(change)
  const Entries = [{ EventBusName: STACK, Source: EVENT_SOURCE, DetailType: DETAIL_TYPE, Detail, ...entry }]
  const { FailedEntryCount } = await account.clients.events.send(new PutEventsCommand({ Entries }))
  expect(FailedEntryCount).toBe(0)
}
