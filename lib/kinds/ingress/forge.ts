import type { KubeObject } from '../../cluster/port.ts'
import { mapOf, mapsOf } from '../json.ts'
import type { Context } from '../kind.ts'
import { filled, remoteMeta, without } from '../meta.ts'

/** The old way to name a class, as an annotation: it is of the home cluster too. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

/**
 * The Ingress to apply remotely. The class is the one that the remote cluster offers, or none, so that its default
 * applies. Rules, backends and certificates name Services and Secrets of the namespace, which are reflected under the
 * same names. The status (addresses of home's load balancer) does not travel, nor does the remote one back.
 * Names, hosts and ports are always sent, with Go's zero value when the source has none; what is unknown passes.
 * Source of the rule: Liqo v1.2, `pkg/virtualKubelet/forge/ingresses.go`, whose list of fields is closed.
 */
export function remoteIngress(source: KubeObject, context: Context): KubeObject {
  const { annotations, ...metadata } = remoteMeta(source, context)
  const { defaultBackend, rules, tls, ...more } = mapOf(source.spec)
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, ...filled({ annotations: remoteAnnotations(annotations) }) },
    ...filled(without(source, ['apiVersion', 'kind', 'metadata', 'spec', 'status'])),
    spec: {
      ...filled(without(more, ['ingressClassName'])),
      ...filled({
        rules: mapsOf(rules).map(remoteRule),
        tls: mapsOf(tls).map((one) => ({ secretName: '', ...filled(one) })),
      }),
      ...(defaultBackend != null && { defaultBackend: remoteBackend(defaultBackend) }),
      ...(context.ingressClass !== undefined && { ingressClassName: context.ingressClass }),
    },
  }
}

/** Without the class that it names. */
export function remoteAnnotations(annotations: Record<string, string> | undefined): Record<string, string> {
  return without(annotations, [CLASS_ANNOTATION])
}

function remoteRule({ http, ...rule }: Record<string, unknown>): Record<string, unknown> {
  const { paths, ...more } = mapOf(http)
  return {
    host: '',
    ...filled(rule),
    ...(http != null && { http: filled({ ...more, paths: mapsOf(paths).map(remotePath) }) }),
  }
}

function remotePath({ backend, ...path }: Record<string, unknown>): Record<string, unknown> {
  return { path: '', ...filled(path), backend: remoteBackend(backend) }
}

function remoteBackend(value: unknown): Record<string, unknown> {
  const { service, resource, ...more } = mapOf(value)
  const { port, ...rest } = mapOf(service)
  return {
    ...filled(more),
    ...(service != null && {
      service: { name: '', ...filled(rest), port: { name: '', number: 0, ...filled(mapOf(port)) } },
    }),
    ...(resource != null && { resource: { kind: '', name: '', ...filled(mapOf(resource)) } }),
  }
}
