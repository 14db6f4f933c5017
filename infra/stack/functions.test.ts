import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KINDS } from '../../lib/kinds/index.ts'
import { compilePattern } from '../local/events/pattern/compile.ts'
import { parseSettings } from './settings.ts'
import { stackOf } from './stack.ts'

const settings = parseSettings(await readFile(join(import.meta.dirname, 'fixtures/full.yml'), 'utf8'), 'full.yml')
const { functions } = stackOf(settings)
const { functions: plain } = stackOf({ environment: settings.environment })

/** Functions that an event of the bus wakes. */
function woken(given: typeof functions, kind: string, cluster: string): string[] {
  const event = {
    source: 'heliograph',
    'detail-type': 'Change',
    detail: { cluster, kind, namespace: 'shop', names: [] },
  }
  return Object.entries(given).flatMap(([name, { events = [] }]) =>
    events.some((one) => 'eventBridge' in one && compilePattern(one.eventBridge.pattern, name)(event)) ? name : [],
  )
}

test('who compares several kinds at a time has memory for it, and each what its stage says', () => {
  const memory = (given: typeof functions) =>
    ['webhook', 'namespace', 'sweep', 'pod'].map((name) => given[name]?.memorySize)
  expect(memory(plain)).toEqual([undefined, 512, 512, undefined])
  expect(memory(functions)).toEqual([undefined, 512, 1024, 512])
})

test('what fails is tried again, but for a heartbeat: the next one is due', () => {
  for (const { name } of KINDS) expect(plain[name]?.maximumRetryAttempts).toBe(2)
  expect(plain.sweep?.maximumRetryAttempts).toBe(2)
  expect(plain.node?.maximumRetryAttempts).toBe(0)
})

test('the last retry of a sweep has ended when the next sweep is due', () => {
  const { maximumEventAge = 0, timeout = 0 } = plain.sweep ?? {}
  expect(maximumEventAge + timeout).toBeLessThanOrEqual(15 * 60)
})

test('each kind has a function, whose rule it alone wakes', () => {
  for (const { name } of KINDS) expect(woken(plain, name, 'rome')).toEqual([name])
})

test.each([
  { cluster: 'rome', want: ['pod', 'pod_rome_turin'] },
  { cluster: 'milan', want: ['pod'] },
  { cluster: 'turin', want: ['pod_rome_turin'] },
])(
  'a peering with a concurrency of its own has functions of its own: an event of $cluster wakes $want',
  ({ cluster, want }) => {
    expect(woken(functions, 'pod', cluster)).toEqual(want)
  },
)

test('they know their own peering only, with its secrets, and nothing else is left to the others', () => {
  const { pod, pod_rome_turin: own, namespace } = functions
  expect(own).toMatchObject({
    handler: 'dist/pod/index.handler',
    reservedConcurrency: 5,
    environment: { CLUSTERS: 'rome,turin', PEERINGS: 'rome:turin' },
  })
  expect(own?.environment).not.toHaveProperty('CLUSTER_MILAN_KUBECONFIG')
  expect(pod).toMatchObject({
    reservedConcurrency: 50,
    environment: { CLUSTERS: 'rome,milan', PEERINGS: 'rome:milan' },
  })
  expect(pod?.environment).not.toHaveProperty('CLUSTER_TURIN_KUBECONFIG')
  // What belongs to all peerings of a cluster stays one.
  expect(namespace?.environment).toMatchObject({ CLUSTERS: 'rome,milan,turin', PEERINGS: 'rome:milan,rome:turin' })
})

test('where all peerings have their own there are no others', () => {
  const peerings = { 'rome:turin': 1, 'rome:milan': 1 }
  const { functions: own } = stackOf({ ...settings, reservedConcurrency: { functions: {}, peerings } })
  expect(Object.keys(own).filter((name) => name.startsWith('pod'))).toEqual(['pod_rome_turin', 'pod_rome_milan'])
})

test('without them all is shared', () => {
  expect(plain.pod?.environment).toMatchObject({ CLUSTERS: 'rome,milan,turin' })
  expect(Object.keys(plain).join()).not.toContain('_')
})
