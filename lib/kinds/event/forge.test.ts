import { expect, test } from 'vitest'
import { shopContext as context } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Context, Found } from '../kind.ts'
import { homeEvent } from './forge.ts'
import { selectEvent } from './select.ts'

const marks = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', uid: 'home-1' } }
const found: Found = { service: [], pod: [pod] }
const metadata = { name: 'web.17aa', namespace: 'shop-rome' }
const about = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop-rome', name: 'web', uid: 'r-1', resourceVersion: '5' }

function event(fields: Record<string, unknown> = {}, meta: Partial<KubeObject['metadata']> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Event', metadata: { ...metadata, ...meta }, involvedObject: about, ...fields }
}

const involvedObject = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', uid: 'home-1' }
const copy = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'web.17aa', namespace: 'shop', labels: marks } }
const kubelet = { component: 'kubelet', host: 'w1' }

test.each<{ name: string; given: KubeObject; want: KubeObject }>([
  {
    name: 'it is about the object of home, and says where it comes from',
    given: event({ reason: 'Killing', message: 'm', count: 4, source: kubelet, ofALaterVersion: 1 }),
    want: {
      ...copy,
      involvedObject,
      source: { component: 'kubelet (remote)', host: 'w1' },
      ...{ reason: 'Killing', message: 'm', count: 4, ofALaterVersion: 1 },
    },
  },
  {
    name: 'what happens to a ShadowPod happens to the pod',
    given: event({ involvedObject: { ...about, apiVersion: 'offloading.liqo.io/v1beta1', kind: 'ShadowPod' } }),
    want: { ...copy, involvedObject, source: { component: '(remote)' } },
  },
  {
    name: 'a part of the object, and a message as long as it may be',
    given: event({ involvedObject: { ...about, fieldPath: 'spec.containers{a}' }, message: 'm'.repeat(9999) }),
    want: {
      ...copy,
      involvedObject: { ...involvedObject, fieldPath: 'spec.containers{a}' },
      source: { component: '(remote)' },
      message: 'm'.repeat(1024),
    },
  },
])('homeEvent: $name', ({ given, want }) => {
  expect(homeEvent(given, context, found)).toEqual(want)
})

const ours = { reflect: false, keep: true, quiet: true, why: 'it was written by a function of ours' }
const skip = { 'liqo.io/skip-reflection': 'true' }

test.each<{ name: string; given: KubeObject; in?: Partial<Context>; found?: Found; want: object }>([
  { name: 'about an object of home', given: event(), want: { reflect: true } },
  { name: 'written by a function of ours', given: event({ source: { component: 'heliograph-pod' } }), want: ours },
  { name: 'reported by one', given: event({ reportingComponent: 'heliograph.io/pod' }), want: ours },
  { name: 'a copy itself', given: event({}, { labels: { ...marks } }), want: ours },
  { name: 'a copy for another peering', given: event({}, { labels: { [Object.keys(marks)[0]!]: 'x' } }), want: ours },
  {
    name: 'about nothing at home',
    given: event(),
    found: {},
    want: { reflect: false, keep: true, quiet: true, why: 'what it is about is not at home' },
  },
  { name: 'left out', given: event({}, { annotations: skip }), want: { reflect: false, why: expect.any(String) } },
  {
    name: 'switched off',
    given: event(),
    in: { reflection: 'Off' },
    want: { reflect: false, keep: true, quiet: true, why: expect.any(String) },
  },
])('selectEvent: $name', ({ given, in: change, found: there = found, want }) => {
  expect(selectEvent(given, { ...context, ...change }, there)).toEqual(want)
})
