import { describe, expect, test } from 'vitest'
import { shopContext } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import type { Json } from '../json.ts'
import type { Context } from '../kind.ts'
import { editedShadowPod, remoteShadowPod } from './forge.ts'
import { podNotices } from './notices.ts'
import type { PodSettings } from './settings.ts'
import { tokenKey, tokenSecretName } from './tokens.ts'

const context: Context = { ...shopContext, labelsNotReflected: ['team'] }

function pod(spec: Json, metadata: Json = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'shop', ...metadata }, spec }
}

function specOf(spec: Json, settings: PodSettings = {}, metadata: Json = {}): Json {
  return (remoteShadowPod(pod(spec, metadata), context, settings).spec as { pod: Json }).pod
}

test('metadata: own labels, the marks and the virtual node', () => {
  const labels = { app: 'web', team: 'a', 'liqo.io/shadowPod': 'true' }
  const metadata = { labels, annotations: { a: 'b' }, ownerReferences: [{}], finalizers: ['x/y'], generateName: 'w' }
  const forged = remoteShadowPod(pod({ nodeName: 'liqo-m2' }, metadata), context)
  expect(forged.metadata).toEqual({
    name: 'web',
    namespace: 'shop-rome',
    labels: {
      app: 'web',
      'offloading.liqo.io/nodename': 'liqo-m2',
      'offloading.liqo.io/origin': 'rome',
      'offloading.liqo.io/destination': 'milan',
    },
    annotations: { a: 'b' },
  })
  expect(remoteShadowPod(pod({}), context).metadata.labels).toMatchObject({
    'offloading.liqo.io/nodename': 'liqo-milan',
  })
})

describe('spec', () => {
  const rows: { name: string; given: Json; settings?: PodSettings; annotations?: Json; want: Json }[] = [
    { name: 'nothing', given: {}, want: {} },
    {
      name: 'what names the nodes, classes and accounts of home, or the host itself, stays',
      given: {
        affinity: {},
        ephemeralContainers: [{}],
        hostIPC: true,
        hostNetwork: true,
        hostPID: true,
        hostUsers: false,
        nodeName: 'n',
        nodeSelector: { a: 'b' },
        os: { name: 'linux' },
        overhead: { cpu: '1' },
        preemptionPolicy: 'Never',
        priority: 1,
        priorityClassName: 'high',
        resourceClaims: [{ name: 'gpu' }],
        schedulerName: 's',
        schedulingGates: [{ name: 'offloading.heliograph.io/milan' }],
        serviceAccount: 'sa',
        serviceAccountName: 'sa',
      },
      want: {},
    },
    {
      name: 'containers refer to no claims of devices, which stay',
      given: {
        resourceClaims: [{ name: 'gpu' }],
        containers: [{ name: 'a', resources: { limits: { cpu: '1' }, claims: [{ name: 'gpu' }] } }],
        initContainers: [{ name: 'i', resources: { claims: [{ name: 'gpu' }] } }],
      },
      want: {
        containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }],
        initContainers: [{ name: 'i', resources: {} }],
      },
    },
    {
      name: 'a field of a later version travels',
      given: { resources: { limits: { cpu: '1' } }, ofALaterVersion: [1] },
      want: { resources: { limits: { cpu: '1' } }, ofALaterVersion: [1] },
    },
    {
      name: 'tolerations but that of virtual nodes, and those of the operator',
      given: { tolerations: [{ key: 'virtual-node.liqo.io/not-allowed' }, { operator: 'Exists' }] },
      settings: { patch: { tolerations: [{ key: 'gold' }], nodeSelector: { pool: 'gold' } } },
      want: { tolerations: [{ operator: 'Exists' }, { key: 'gold' }], nodeSelector: { pool: 'gold' } },
    },
    { name: 'the runtime class of a pod for virtual nodes', given: { runtimeClassName: 'liqo' }, want: {} },
    { name: 'any other', given: { runtimeClassName: 'kata' }, want: { runtimeClassName: 'kata' } },
    {
      name: 'the one that the annotation asks for',
      given: { runtimeClassName: 'kata' },
      annotations: { 'liqo.io/remote-runtime-class-name': 'nvidia' },
      want: { runtimeClassName: 'nvidia' },
    },
    {
      name: 'tokens of home are in no volume, and its CA under its own name',
      given: {
        volumes: [
          { name: 'a', projected: { sources: [{ serviceAccountToken: { path: 't' } }, { configMap: { name: 'c' } }] } },
          { name: 'b', configMap: { name: 'kube-root-ca.crt' } },
          { name: 'd', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
        ],
      },
      want: {
        volumes: [
          { name: 'a', projected: { sources: [{ configMap: { name: 'c' } }] } },
          { name: 'b', configMap: { name: 'kube-root-ca.crt' } },
          { name: 'd', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt.rome' } }] } },
        ],
      },
    },
    {
      name: 'for the remote API server all of it stays',
      given: { serviceAccountName: 'sa', volumes: [{ projected: { sources: [{ serviceAccountToken: {} }] } }] },
      annotations: { 'liqo.io/api-server-support': 'remote' },
      want: {
        serviceAccountName: 'sa',
        automountServiceAccountToken: true,
        volumes: [{ projected: { sources: [{ serviceAccountToken: {} }] } }],
      },
    },
  ]
  test.each(rows)('$name', ({ given, settings, annotations, want }) => {
    const spec = specOf(given, settings, annotations && { annotations })
    expect(spec).toEqual({ automountServiceAccountToken: false, ...want })
  })

  test('a pod that calls the home API server', () => {
    const env = [{ name: 'SA', valueFrom: { fieldRef: { fieldPath: 'spec.serviceAccountName' } } }]
    const given = { containers: [{ name: 'a', env }], initContainers: [{ name: 'i' }], serviceAccountName: 'sa' }
    const spec = specOf(given, { apiServer: 'TokenAPI', homeApiServer: { host: '::1', port: '6443' } })
    const [container] = spec.containers as { env: Json[] }[]
    expect(container?.env.slice(0, 4)).toEqual([
      { name: 'SA', value: 'sa' },
      { name: 'KUBERNETES_SERVICE_HOST', value: '::1' },
      { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
      { name: 'KUBERNETES_PORT', value: 'tcp://[::1]:6443' },
    ])
    expect((spec.initContainers as { env: Json[] }[])[0]?.env).toHaveLength(7)
    expect(spec.hostAliases).toBeUndefined()
    const aliased = specOf(given, { apiServer: 'TokenAPI', kubernetesIP: '10.71.0.1' })
    expect(aliased.hostAliases).toEqual([
      { ip: '10.71.0.1', hostnames: ['kubernetes.default', 'kubernetes.default.svc'] },
    ])
  })
})

test('what a guest does not get is told', () => {
  const spec = { hostNetwork: true, hostPID: false, resourceClaims: [{ name: 'gpu' }], ephemeralContainers: [] }
  expect(podNotices(pod(spec))).toEqual([
    expect.stringMatching(/^hostNetwork/),
    expect.stringMatching(/^resourceClaims/),
  ])
  expect(podNotices(pod({ nodeSelector: { a: 'b' }, priorityClassName: 'high' }))).toEqual([])
})

describe('a ShadowPod that is there', () => {
  const rows: { name: string; present: Json; wanted: Json; want: Json }[] = [
    {
      name: 'takes images by container',
      present: { containers: [{ name: 'a', image: 'a:1', env: [] }, { name: 'b' }], initContainers: [{ name: 'i' }] },
      wanted: {
        containers: [
          { name: 'b', image: 'b:2' },
          { name: 'a', image: 'a:2', env: [1] },
        ],
        initContainers: [],
      },
      want: {
        containers: [
          { name: 'a', image: 'a:2', env: [] },
          { name: 'b', image: 'b:2' },
        ],
        initContainers: [{ name: 'i' }],
      },
    },
    {
      name: 'takes a deadline, and a shorter one',
      present: { activeDeadlineSeconds: 60 },
      wanted: { activeDeadlineSeconds: 30 },
      want: { activeDeadlineSeconds: 30 },
    },
    {
      name: 'keeps its deadline when there is none or a longer one',
      present: { activeDeadlineSeconds: 60 },
      wanted: { activeDeadlineSeconds: 90 },
      want: { activeDeadlineSeconds: 60 },
    },
    {
      name: 'takes further tolerations',
      present: { tolerations: [{ key: 'a', operator: 'Equal' }, { key: 'mine' }] },
      wanted: { tolerations: [{ key: 'a' }, { key: 'b' }] },
      want: { tolerations: [{ key: 'a', operator: 'Equal' }, { key: 'mine' }, { key: 'b' }] },
    },
    {
      name: 'keeps the rest',
      present: { dnsPolicy: 'Default' },
      wanted: { dnsPolicy: 'None', hostname: 'h' },
      want: { dnsPolicy: 'Default' },
    },
  ]
  test.each(rows)('$name', ({ present, wanted, want }) => {
    const shadow = (spec: Json, labels: Record<string, string>): KubeObject => ({
      apiVersion: 'offloading.liqo.io/v1beta1',
      kind: 'ShadowPod',
      metadata: { name: 'web', labels },
      spec: { pod: spec },
    })
    expect(editedShadowPod(shadow(wanted, { a: 'new' }), shadow(present, { a: 'old' }))).toEqual(
      shadow(want, { a: 'new' }),
    )
  })
})

test('names of tokens', () => {
  expect(tokenSecretName('web-0')).toBe('web-0-token')
  const [a, b] = ['a', 'b'].map((end) => tokenSecretName('x'.repeat(252) + end))
  expect(a).toHaveLength(253)
  expect(a).not.toBe(b)
  expect(tokenKey('vault', 'vault/token')).toBe('vault-927385')
})
