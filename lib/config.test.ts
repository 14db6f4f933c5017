import { describe, expect, test } from 'vitest'
import { problemsOf } from '../test/support/config.ts'
import { parseConfig, parseWebhookSettings } from './config.ts'

const least = {
  CLUSTERS: 'rome,milan',
  PEERINGS: 'rome:milan',
  CLUSTER_ROME_KUBECONFIG: '/kube/rome',
  CLUSTER_MILAN_SERVER: 'https://milan.example:6443',
  CLUSTER_MILAN_TOKEN: 't',
}

describe('parseConfig', () => {
  test('the least, with its defaults', () => {
    const plan = { podCIDRs: [], externalCIDRs: [], serviceCIDRs: [] }
    const networking = { internal: true, reflectIPs: true }
    const offer = { mode: 'virtual-node', share: 30 }
    const gateway = { serviceType: 'LoadBalancer', annotations: {} }
    const defaults = { webhookTokens: [], labels: {}, networking, plan, reservedSubnets: [], gateway, offer }
    expect(parseConfig(least)).toEqual({
      clusters: [
        { ...defaults, id: 'rome', access: { kubeconfig: '/kube/rome' } },
        { ...defaults, id: 'milan', access: { server: 'https://milan.example:6443', token: 't' } },
      ],
      peerings: [{ home: 'rome', remote: 'milan' }],
      runtimeClass: 'liqo',
      virtualStorageClass: 'liqo',
      serviceAccounts: false,
      networkMtu: 1340,
      reflection: {
        configmap: 'DenyList',
        secret: 'DenyList',
        service: 'DenyList',
        ingress: 'DenyList',
        endpointslice: 'DenyList',
        event: 'DenyList',
      },
      labelsNotReflected: [],
      annotationsNotReflected: [],
      eventBusName: 'heliograph',
      logLevel: 'info',
      sweepDeleteBudget: 100,
      sweepReportOnly: false,
      requestTimeoutMs: 10_000,
      noProxy: [],
      secrets: { aws: { endpoints: {} }, ttlMs: 300_000 },
    })
  })

  test('is frozen', () => {
    const config = parseConfig(least)
    expect(() => Object.assign(config.clusters[0]!.networking, { internal: false })).toThrow(TypeError)
  })

  test('an empty string counts as unset', () => {
    expect(parseConfig({ ...least, NETWORKING_INTERNAL: '', CLUSTER_ROME_CONTEXT: ' ' })).toEqual(parseConfig(least))
  })

  test('a cluster’s flags win over the shared ones', () => {
    const env = { ...least, NETWORKING_INTERNAL: 'false', CLUSTER_MILAN_NETWORKING_INTERNAL: 'true' }
    expect(parseConfig(env).clusters.map(({ networking }) => networking.internal)).toEqual([false, true])
  })

  test('CIDRs of both families, and classes, of a cluster', () => {
    const [, milan] = parseConfig({
      ...least,
      CLUSTER_MILAN_POD_CIDR: '10.60.0.0/16, fd00:60::/56',
      CLUSTER_MILAN_EXTERNAL_CIDR: '10.61.0.0/16',
      CLUSTER_MILAN_SERVICE_CIDR: '10.96.0.0/12',
      CLUSTER_MILAN_RESERVED_SUBNETS: '192.168.7.0/24',
      CLUSTER_MILAN_INGRESS_CLASS: 'traefik',
    }).clusters
    expect(milan).toMatchObject({
      plan: {
        podCIDRs: ['10.60.0.0/16', 'fd00:60::/56'],
        externalCIDRs: ['10.61.0.0/16'],
        serviceCIDRs: ['10.96.0.0/12'],
      },
      reservedSubnets: ['192.168.7.0/24'],
      ingressClass: 'traefik',
    })
  })

  test('EndpointSlices go with their Services', () => {
    expect(parseConfig({ ...least, REFLECT_SERVICE: 'AllowList' }).reflection).toMatchObject({
      service: 'AllowList',
      endpointslice: 'AllowList',
      configmap: 'DenyList',
    })
  })

  test.each<{ name: string; env: Record<string, string | undefined>; want: RegExp }>([
    {
      name: 'no clusters',
      env: { CLUSTERS: '' },
      want: /^CLUSTERS: missing; name the clusters, e.g. CLUSTERS=rome,milan/,
    },
    {
      name: 'a ClusterID whose virtual node would fit no label',
      env: { CLUSTERS: `rome,milan,${'t'.repeat(59)}` },
      want: /^CLUSTERS: "t{59}" is no ClusterID; use at most 58 lower-case letters/,
    },
    { name: 'a bad ClusterID', env: { CLUSTERS: 'rome,milan,Turin' }, want: /^CLUSTERS: "Turin" is no ClusterID/ },
    { name: 'a cluster twice', env: { CLUSTERS: 'rome,milan,rome' }, want: /^CLUSTERS: "rome" stands twice/ },
    { name: 'no peerings', env: { PEERINGS: '' }, want: /^PEERINGS: missing/ },
    {
      name: 'an unknown cluster in a peering',
      env: { PEERINGS: 'rome:turin' },
      want: /names turin, which CLUSTERS does not/,
    },
    { name: 'a cluster peered with itself', env: { PEERINGS: 'rome:rome' }, want: /peers a cluster with itself/ },
    {
      name: 'a malformed peering',
      env: { PEERINGS: 'rome-milan' },
      want: /"rome-milan" is no peering; use <home>:<remote>/,
    },
    { name: 'a peering twice', env: { PEERINGS: 'rome:milan,rome:milan' }, want: /stands twice/ },
    {
      name: 'a flag',
      env: { NETWORKING_INTERNAL: 'no' },
      want: /^NETWORKING_INTERNAL: "no" is not valid; use true or false/,
    },
    { name: 'a number', env: { SWEEP_DELETE_BUDGET: '-1' }, want: /use a whole number, 0 or more/ },
    { name: 'a reflection type', env: { REFLECT_SECRET: 'denylist' }, want: /use one of DenyList, AllowList, Off/ },
    {
      name: 'no access',
      env: { CLUSTER_ROME_KUBECONFIG: '' },
      want: /^CLUSTER_ROME_KUBECONFIG: no access; set one of/,
    },
    { name: 'two accesses', env: { CLUSTER_ROME_SERVER: 'https://x' }, want: /KUBECONFIG and SERVER together/ },
    {
      name: 'a server that is no URL',
      env: { CLUSTER_MILAN_SERVER: 'milan' },
      want: /^CLUSTER_MILAN_SERVER: "milan" is no URL/,
    },
    { name: 'a server without a token', env: { CLUSTER_MILAN_TOKEN: '' }, want: /^CLUSTER_MILAN_TOKEN: missing/ },
    {
      name: 'a CIDR',
      env: { CLUSTER_ROME_POD_CIDR: '10.244.0.0/33' },
      want: /^CLUSTER_ROME_POD_CIDR: "10.244.0.0\/33" is not a CIDR; use e.g. 10.244.0.0\/16/,
    },
    {
      name: 'an address with the length of its network',
      env: { CLUSTER_ROME_POD_CIDR: '10.244.1.1/16,fd00::1/64' },
      want: /^CLUSTER_ROME_POD_CIDR: 10.244.1.1\/16 has bits after its prefix; use 10.244.0.0\/16, or a longer prefix/,
    },
    {
      name: 'CIDRs that overlap',
      env: { CLUSTER_ROME_POD_CIDR: '10.96.128.0/17', CLUSTER_ROME_SERVICE_CIDR: '10.96.0.0/12' },
      want: /^CLUSTER_ROME_SERVICE_CIDR: 10.96.0.0\/12 overlaps 10.96.128.0\/17 of CLUSTER_ROME_POD_CIDR/,
    },
    { name: 'a type of its own for slices', env: { REFLECT_ENDPOINTSLICE: 'Off' }, want: /unknown variable/ },
    { name: 'a label', env: { CLUSTER_MILAN_LABELS: 'region' }, want: /"region" is no label; use <key>=<value>/ },
    {
      name: 'a misspelt name',
      env: { CLUSTER_ROME_KUBECONFG: 'x' },
      want: /^CLUSTER_ROME_KUBECONFG: unknown variable; did you mean CLUSTER_ROME_KUBECONFIG\?/,
    },
    { name: 'a flag misspelt', env: { NETWORKING_REFLECTIPS: 'x' }, want: /did you mean NETWORKING_REFLECT_IPS\?/ },
  ])('$name: told with the remedy', ({ env, want }) => {
    expect(problemsOf({ ...least, ...env })).toContainEqual(expect.stringMatching(want))
  })

  test('all problems at once', () => {
    const env = { ...least, NETWORKING_INTERNAL: 'no', SWEEP_DELETE_BUDGET: 'x', REFLECT_SECRT: 'Off', PEERINGS: 'a:b' }
    expect(
      problemsOf(env)
        .map((problem) => problem.split(':')[0])
        .toSorted(),
    ).toEqual(['NETWORKING_INTERNAL', 'PEERINGS', 'REFLECT_SECRT', 'SWEEP_DELETE_BUDGET'])
  })

  test('says nothing of variables that are not ours', () => {
    expect(problemsOf({ ...least, PATH: '/bin', AWS_REGION: 'eu-west-1', KUBECONFIG: 'x' })).toEqual([])
  })
})

describe('what is added to the pods of others', () => {
  const patchOf = (text: string) => parseConfig({ ...least, CLUSTER_MILAN_POD_PATCH: text }).clusters[1]?.podPatch
  test('is JSON', () => {
    const patch = { nodeSelector: { pool: 'guests' }, tolerations: [{ key: 'guests', operator: 'Exists' }] }
    expect(patchOf(JSON.stringify(patch))).toEqual(patch)
  })
  test.each([
    ['pool=guests', /^CLUSTER_MILAN_POD_PATCH: it is no JSON; use e.g. {"nodeSelector"/],
    ['{"nodeSelector":{"pool":1}}', /^CLUSTER_MILAN_POD_PATCH: nodeSelector.pool is not valid/],
    ['{"hostNetwork":true}', /^CLUSTER_MILAN_POD_PATCH: .*hostNetwork/],
  ])('%s: told', (text, want) => {
    expect(problemsOf({ ...least, CLUSTER_MILAN_POD_PATCH: text })).toEqual([expect.stringMatching(want)])
  })
})

test('tokens of ServiceAccounts are off unless told, and say where they are good for', () => {
  const env = { ...least, REFLECT_SERVICEACCOUNT: 'On', CLUSTER_ROME_API_SERVER: 'api.rome.example:6443' }
  const { serviceAccounts, clusters } = parseConfig(env)
  expect([serviceAccounts, clusters[0]?.apiServer]).toEqual([true, { host: 'api.rome.example', port: '6443' }])
  expect(parseWebhookSettings({ ...env, CLUSTER_ROME_WEBHOOK_TOKEN: 't' }).serviceAccounts).toBe(true)
})

describe('parseWebhookSettings', () => {
  test('needs no access to any cluster', () => {
    const variable = 'CLUSTER_ROME_WEBHOOK_TOKEN'
    const env = { CLUSTERS: 'rome,milan', [variable]: 'old,ssm:/rome', CLUSTER_MILAN_EKS_NAME: 'prod' }
    expect(parseWebhookSettings(env)).toEqual({
      clusters: [
        { id: 'rome', webhookTokens: ['old', { variable, service: 'ssm', id: '/rome' }] },
        { id: 'milan', webhookTokens: [], eksName: 'prod' },
      ],
      serviceAccounts: false,
      internal: true,
      eventBusName: 'heliograph',
      logLevel: 'info',
      secrets: { aws: { endpoints: {} }, ttlMs: 300_000 },
    })
  })

  test('knows what each cluster is to others, where it is told', () => {
    const env = { CLUSTERS: 'rome,milan,turin', PEERINGS: 'rome:milan,milan:turin', CLUSTER_ROME_WEBHOOK_TOKEN: 't' }
    expect(parseWebhookSettings(env).roles).toEqual({ rome: ['home'], milan: ['home', 'remote'], turin: ['remote'] })
  })

  test('knows whether any cluster wants the internal network', () => {
    const env = { CLUSTERS: 'rome,milan', NETWORKING_INTERNAL: 'false', CLUSTER_ROME_WEBHOOK_TOKEN: 't' }
    expect(parseWebhookSettings(env).internal).toBe(false)
    expect(parseWebhookSettings({ ...env, CLUSTER_MILAN_NETWORKING_INTERNAL: 'true' }).internal).toBe(true)
  })

  test('needs somebody who may call', () => {
    expect(() => parseWebhookSettings({ CLUSTERS: 'rome' })).toThrow(/CLUSTER_ROME_WEBHOOK_TOKEN: missing/)
  })
})
