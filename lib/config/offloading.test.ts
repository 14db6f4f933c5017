import { describe, expect, test } from 'vitest'
import { LEAST, problemsOf } from '../../test/support/config.ts'
import { toNano } from '../capacity/quantity.ts'
import { parseConfig } from '../config.ts'

const hidden = { NETWORKING_REFLECT_IPS: 'false' }
type Env = Record<string, string>

const offersOf = (env: Env) => parseConfig({ ...LEAST, ...env }).clusters.map(({ offer }) => offer)

describe('what a cluster offers', () => {
  test('its own mode over the shared one', () => {
    const env = { ...hidden, OFFLOADING_MODE: 'gate', CLUSTER_MILAN_OFFLOADING_MODE: 'virtual-node' }
    expect(offersOf(env).map(({ mode }) => mode)).toEqual(['gate', 'virtual-node'])
  })

  test('share and quota', () => {
    const [, milan] = offersOf({ CLUSTER_MILAN_SHARE: '75', CLUSTER_MILAN_QUOTA: 'cpu=10, memory=20Gi' })
    expect(milan).toEqual({ mode: 'virtual-node', share: 75, quota: { cpu: toNano('10'), memory: toNano('20Gi') } })
  })

  test('a runtime class', () => {
    expect(parseConfig({ ...LEAST, OFFLOADING_RUNTIME_CLASS: 'afar' }).runtimeClass).toBe('afar')
  })

  test.each([
    ['kubelet.example', { host: 'kubelet.example', port: 10250 }],
    ['kubelet.example:443', { host: 'kubelet.example', port: 443 }],
    ['10.0.0.7:80', { host: '10.0.0.7', port: 80 }],
    ['[fd00::7]:8443', { host: 'fd00::7', port: 8443 }],
  ])('a kubelet at %s', (OFFLOADING_KUBELET, want) => {
    expect(parseConfig({ ...LEAST, OFFLOADING_KUBELET }).kubelet).toEqual(want)
  })

  test.each<{ name: string; env: Env; want: RegExp[] }>([
    ...['https://kubelet.example', 'kubelet.example:443/path', ':443', 'kubelet:99999'].map((value) => ({
      name: `no kubelet at ${value}`,
      env: { OFFLOADING_KUBELET: value },
      want: [/^OFFLOADING_KUBELET: .* is no endpoint/],
    })),
    {
      name: 'gates with addresses',
      env: { OFFLOADING_MODE: 'gate' },
      want: [/^CLUSTER_MILAN_OFFLOADING_MODE: "gate" needs NETWORKING_REFLECT_IPS=false for rome and for milan/],
    },
    {
      name: 'gates with addresses on one side',
      env: { CLUSTER_MILAN_OFFLOADING_MODE: 'gate', CLUSTER_ROME_NETWORKING_REFLECT_IPS: 'false' },
      want: [/needs NETWORKING_REFLECT_IPS=false/],
    },
    { name: 'gates without', env: { ...hidden, OFFLOADING_MODE: 'gate' }, want: [] },
    { name: 'gates of a cluster that nobody extends into', env: { CLUSTER_ROME_OFFLOADING_MODE: 'gate' }, want: [] },
    {
      name: 'gates, where internal alone differs',
      env: { ...hidden, OFFLOADING_MODE: 'gate', CLUSTER_ROME_NETWORKING_INTERNAL: 'false' },
      want: [],
    },
    {
      name: 'a mode that does not exist',
      env: { OFFLOADING_MODE: 'gates' },
      want: [/^OFFLOADING_MODE: "gates" is not valid; use one of virtual-node, gate/],
    },
    { name: 'a share over all', env: { CLUSTER_MILAN_SHARE: '101' }, want: [/^CLUSTER_MILAN_SHARE/] },
    {
      name: 'no quantity',
      env: { CLUSTER_MILAN_QUOTA: 'cpu=ten' },
      want: [/^CLUSTER_MILAN_QUOTA: "cpu=ten" is no limit/],
    },
    { name: 'less than none', env: { CLUSTER_MILAN_QUOTA: 'cpu=-1' }, want: [/"cpu=-1"/] },
    { name: 'no resource', env: { CLUSTER_MILAN_QUOTA: '10' }, want: [/"10" is no limit/] },
    {
      name: 'a typing error',
      env: { OFFLOADING_MODUS: 'gate' },
      want: [/^OFFLOADING_MODUS: unknown variable; did you mean OFFLOADING_MODE\?/],
    },
  ])('$name', ({ env, want }) => {
    const problems = problemsOf({ ...LEAST, ...env })
    expect(problems).toHaveLength(want.length)
    for (const [index, pattern] of want.entries()) expect(problems[index]).toMatch(pattern)
  })
})
