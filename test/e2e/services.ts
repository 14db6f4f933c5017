import type { Version } from './watch.ts'

/** An EndpointSlice, as far as what a Service resolves to depends on it. */
export interface Slice extends Version {
  addressType: string
  endpoints?: Endpoint[] | null
  ports?: { name?: string; port?: number; protocol?: string }[] | null
}

export interface Endpoint {
  addresses: string[]
  conditions?: { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null }
  hostname?: string
  nodeName?: string
  zone?: string
  hints?: object
  targetRef?: { kind: string; name: string; uid: string }
}

/** Label of a slice: who keeps it. */
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const OURS = 'endpointslice.reflection.liqo.io'
export const NATIVE = 'endpointslice-controller.k8s.io'

export const SERVICE_NAME = 'kubernetes.io/service-name'

/** The slices of a Service; those of one manager, where one is given. */
export function slicesOf(slices: readonly Slice[], namespace: string, service: string, manager?: string): Slice[] {
  return slices.filter(({ metadata: { namespace: own, labels = {} } }) => {
    const isOf = own === namespace && labels[SERVICE_NAME] === service
    return isOf && (manager === undefined || labels[MANAGED_BY] === manager)
  })
}

/** Where a connection to a Service may go. */
export interface Backend {
  address: string
  port: number | undefined
  hostname: string | undefined
}

/** What slices resolve to, as kube-proxy reads them: all of them together, each endpoint that does not say it is not ready. */
export function backendsOf(slices: readonly Slice[]): Backend[] {
  return slices.flatMap(({ endpoints, ports }) =>
    (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ addresses, hostname }) =>
        addresses.map((address) => ({ address, port: ports?.[0]?.port, hostname })),
      ),
  )
}

/** All addresses in slices, ready or not, each as often as it is there. */
export function addressesOf(slices: readonly Slice[]): string[] {
  return slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses)).toSorted()
}
