import { expect, test } from 'vitest'
import { shopContext as context } from '../../../test/support/context.ts'
import type { KubeObject } from '../../cluster/port.ts'
import { remoteIngress } from './forge.ts'

type Fields = Record<string, unknown>

function ingress(spec?: Fields, annotations?: Record<string, string>): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web', namespace: 'shop', uid: 'i1', ...(annotations && { annotations }) },
    ...(spec && { spec }),
    status: { loadBalancer: { ingress: [{ ip: '203.0.113.9' }] } },
  }
}

function forged(spec: Fields, annotations?: Record<string, string>): KubeObject {
  const labels = { 'offloading.liqo.io/origin': 'rome', 'offloading.liqo.io/destination': 'milan' }
  const metadata = { name: 'web', namespace: 'shop-rome', labels, ...(annotations && { annotations }) }
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec }
}

const numbered = { service: { name: 'web', port: { number: 80 } } }
const named = { service: { name: 'web', port: { name: 'http' } } }

const rows: { name: string; given: KubeObject; ingressClass?: string; want: KubeObject }[] = [
  { name: 'no spec', given: ingress(), want: forged({}) },
  {
    name: 'no class, however it is named: the default of the remote cluster applies',
    given: ingress({ ingressClassName: 'nginx' }, { 'kubernetes.io/ingress.class': 'nginx', a: 'b' }),
    want: forged({}, { a: 'b' }),
  },
  {
    name: 'the class alone in the annotations leaves none',
    given: ingress({}, { 'kubernetes.io/ingress.class': 'nginx' }),
    want: forged({}),
  },
  {
    name: 'the class that the remote cluster offers',
    given: ingress({ ingressClassName: 'nginx' }),
    ingressClass: 'traefik',
    want: forged({ ingressClassName: 'traefik' }),
  },
  {
    name: 'a default backend',
    given: ingress({ defaultBackend: named }),
    want: forged({ defaultBackend: { service: { name: 'web', port: { name: 'http', number: 0 } } } }),
  },
  {
    name: 'backends that are resources',
    given: ingress({
      defaultBackend: { resource: { apiGroup: 'k8s.example.com', kind: 'Bucket', name: 'static' } },
      rules: [
        {
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { resource: { kind: 'ConfigMap', name: 'a' } } }] },
        },
      ],
    }),
    want: forged({
      defaultBackend: { resource: { apiGroup: 'k8s.example.com', kind: 'Bucket', name: 'static' } },
      rules: [
        {
          host: '',
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { resource: { kind: 'ConfigMap', name: 'a' } } }] },
        },
      ],
    }),
  },
  {
    name: 'rules, without http, and paths without a path or type',
    given: ingress({
      rules: [{ host: 'a.example.com' }, { host: '*.example.com', http: { paths: [{ backend: numbered }] } }],
    }),
    want: forged({
      rules: [
        { host: 'a.example.com' },
        {
          host: '*.example.com',
          http: { paths: [{ path: '', backend: { service: { name: 'web', port: { name: '', number: 80 } } } }] },
        },
      ],
    }),
  },
  {
    name: 'certificates',
    given: ingress({ tls: [{}, { secretName: 's' }, { hosts: ['a', 'b'] }] }),
    want: forged({ tls: [{ secretName: '' }, { secretName: 's' }, { hosts: ['a', 'b'], secretName: '' }] }),
  },
  {
    name: 'what is unknown passes, wherever it is',
    given: ingress({
      later: 1,
      rules: [
        {
          later: 2,
          http: { later: 3, paths: [{ later: 4, backend: { later: 5, service: { later: 6, name: 'w' } } }] },
        },
      ],
    }),
    want: forged({
      later: 1,
      rules: [
        {
          host: '',
          later: 2,
          http: {
            later: 3,
            paths: [
              {
                path: '',
                later: 4,
                backend: { later: 5, service: { name: 'w', later: 6, port: { name: '', number: 0 } } },
              },
            ],
          },
        },
      ],
    }),
  },
]

test.each(rows)('$name', ({ given, ingressClass, want }) => {
  const more = ingressClass === undefined ? {} : { ingressClass }
  expect(remoteIngress(given, { ...context, ...more })).toEqual(want)
})
