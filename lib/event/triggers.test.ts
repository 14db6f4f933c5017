import { expect, test } from 'vitest'
import { NAMESPACE, NAMESPACE_OFFLOADING } from '../cluster/resources.ts'
import { type Touched, type Trigger, triggersOf, wanted } from './triggers.ts'

const triggers: Trigger[] = [
  { kind: 'configmap', group: '', plural: 'configmaps' },
  { kind: 'pod', group: '', plural: 'pods', subresources: ['status'] },
  { kind: 'shadowpod', group: 'offloading.liqo.io', plural: 'shadowpods', own: true },
  { kind: 'shadowpod', group: '', plural: 'pods', own: true },
  { kind: 'pod', group: '', plural: 'pods' },
]
const touched = { group: '', plural: 'configmaps', subresource: '', own: false }

const rows: { name: string; given: Partial<Touched>; want: string[] }[] = [
  { name: 'an object of a row', given: {}, want: ['configmap'] },
  { name: 'an object of several rows wakes each kind once', given: { plural: 'pods' }, want: ['pod', 'shadowpod'] },
  { name: 'an object of no row', given: { plural: 'leases' }, want: [] },
  { name: 'the same plural in another group', given: { group: 'example.com' }, want: [] },
  { name: 'a subresource of the row', given: { plural: 'pods', subresource: 'status' }, want: ['pod'] },
  { name: 'a subresource not of the row', given: { plural: 'pods', subresource: 'log' }, want: [] },
  { name: 'our own write', given: { own: true }, want: [] },
  { name: 'our own write where the row wants it', given: { plural: 'pods', own: true }, want: ['shadowpod'] },
]

test.each(rows)('$name', ({ given, want }) => {
  expect(wanted({ ...touched, ...given }, triggers)).toEqual(want)
})

test('both ends of a kind wake it', () => {
  const kind = {
    name: 'namespace',
    source: { side: 'home', resource: NAMESPACE_OFFLOADING },
    target: { side: 'remote', resource: NAMESPACE },
  } as const
  expect(triggersOf([kind])).toEqual([
    { kind: 'namespace', group: 'offloading.liqo.io', plural: 'namespaceoffloadings' },
    { kind: 'namespace', group: '', plural: 'namespaces' },
  ])
})
