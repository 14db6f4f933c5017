import { expect, test } from 'vitest'
import { NAMESPACE, NAMESPACE_OFFLOADING, SECRET, SERVICE } from '../cluster/resources.ts'
import { type Touched, type Trigger, triggersOf, wanted } from './triggers.ts'

const triggers: Trigger[] = [
  { kind: 'configmap', group: '', plural: 'configmaps' },
  { kind: 'pod', group: '', plural: 'pods', subresources: ['status'] },
  { kind: 'shadowpod', group: 'offloading.liqo.io', plural: 'shadowpods', own: [''] },
  { kind: 'shadowpod', group: '', plural: 'pods', own: [''] },
  { kind: 'pod', group: '', plural: 'pods' },
  { kind: 'pod', group: 'offloading.liqo.io', plural: 'shadowpods', subresources: ['status'], own: ['status'] },
  { kind: 'service', group: '', plural: 'services' },
  { kind: 'endpointslice', of: 'service', group: '', plural: 'services' },
  { kind: 'network', group: '', plural: 'secrets', namespace: 'heliograph' },
]
const touched = { group: '', plural: 'configmaps', namespace: 'shop', subresource: '', own: false }

const rows: { name: string; given: Partial<Touched>; want: string[] }[] = [
  { name: 'an object of a row', given: {}, want: ['configmap'] },
  { name: 'an object of several rows wakes each kind once', given: { plural: 'pods' }, want: ['pod', 'shadowpod'] },
  {
    name: 'a source of one kind that another reads',
    given: { plural: 'services' },
    want: ['service', 'endpointslice of service'],
  },
  { name: 'an object of no row', given: { plural: 'leases' }, want: [] },
  { name: 'the same plural in another group', given: { group: 'example.com' }, want: [] },
  {
    name: 'an object in the namespace of the row',
    given: { plural: 'secrets', namespace: 'heliograph' },
    want: ['network'],
  },
  { name: 'the same in another namespace', given: { plural: 'secrets' }, want: [] },
  { name: 'a subresource of the row', given: { plural: 'pods', subresource: 'status' }, want: ['pod'] },
  { name: 'a subresource not of the row', given: { plural: 'pods', subresource: 'log' }, want: [] },
  { name: 'our own write', given: { own: true }, want: [] },
  { name: 'our own write where the row wants it', given: { plural: 'pods', own: true }, want: ['shadowpod'] },
  {
    name: 'our own write of an object',
    given: { group: 'offloading.liqo.io', plural: 'shadowpods', own: true },
    want: ['shadowpod'],
  },
  {
    name: 'our own write of its status',
    given: { group: 'offloading.liqo.io', plural: 'shadowpods', subresource: 'status', own: true },
    want: ['pod'],
  },
]

test.each(rows)('$name', ({ given, want }) => {
  const rows = wanted({ ...touched, ...given }, triggers)
  expect(rows.map(({ kind, of }) => (of ? `${kind} of ${of}` : kind))).toEqual(want)
})

test('an object of several groups has a row for each, with the verbs that count; an end that nothing wakes has none', () => {
  const source = { side: 'remote', resource: SERVICE, groups: ['other.example'], verbs: ['create'] } as const
  const kind = { name: 'copied', source, target: { side: 'home', resource: SERVICE, verbs: [] } } as const
  expect(triggersOf([kind])).toEqual([
    { kind: 'copied', side: 'remote', group: '', plural: 'services', verbs: ['create'] },
    { kind: 'copied', side: 'remote', group: 'other.example', plural: 'services', verbs: ['create'] },
  ])
})

test('both ends of a kind wake it, and what it reads where that is said', () => {
  const kind = {
    name: 'namespace',
    source: { side: 'home', resource: NAMESPACE_OFFLOADING },
    target: { side: 'remote', resource: NAMESPACE },
    reads: {
      labelled: { side: 'home', resource: SERVICE, wanted: () => ({ names: [] }), wakes: { label: 'l' } },
      silent: { side: 'home', resource: SECRET, wanted: () => ({ names: [] }) },
    },
  } as const
  expect(triggersOf([kind])).toEqual([
    { kind: 'namespace', side: 'home', group: 'offloading.liqo.io', plural: 'namespaceoffloadings' },
    { kind: 'namespace', side: 'remote', group: '', plural: 'namespaces' },
    { kind: 'namespace', of: 'labelled', side: 'home', group: '', plural: 'services' },
  ])
})
