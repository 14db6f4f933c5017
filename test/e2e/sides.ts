import type { Stage } from '../../infra/local/stage.ts'
import { type Backend, backendsOf, type Slice, slicesOf } from './services.ts'
import { type Version, type Watch, watch } from './watch.ts'

export const IDS = ['rome', 'milan'] as const
export type Id = (typeof IDS)[number]
export type Both<T> = Record<Id, T>

export interface Pod extends Version {
  spec: { nodeName?: string; containers: object[] }
  status: { phase?: string; podIPs?: { ip: string }[] }
}

/** A pod of rome that runs in milan. */
export const isAway = ({ spec }: Pod) => spec.nodeName === 'liqo-milan'
export const isOfApp = (app: string) => (pod: Pod) => pod.metadata.labels?.app === app
export const ipsOf = ({ status: { podIPs = [] } }: Pod) => podIPs.map(({ ip }) => ip)

/** Pods and EndpointSlices of a namespace in rome and of its copy in milan, as two watches of each have them. */
export interface Sides {
  podsIn(id: Id): Pod[]
  /** The pods that run on machines of the cluster itself. */
  ownPods(id: Id, app?: string): Pod[]
  backends(id: Id, service: string): Backend[]
  slicesIn(id: Id, service: string, manager?: string): Slice[]
  /** All versions there ever were. */
  podVersions(id: Id): Pod[]
  sliceVersions(id: Id): Slice[]
  close(): void
}

/** @param namespace offloaded, or to be */
export async function watchSides({ clusters }: Pick<Stage, 'clusters'>, namespace: string): Promise<Sides> {
  const both = async <T extends Version>(path: string): Promise<Both<Watch<T>>> => {
    const [rome, milan] = await Promise.all(IDS.map((id) => watch<T>(clusters[id]!.cluster.admin, path)))
    return { rome: rome!, milan: milan! }
  }
  const pods = await both<Pod>('/api/v1/pods')
  const slices = await both<Slice>('/apis/discovery.k8s.io/v1/endpointslices')
  const placeIn = (id: Id) => (id === 'rome' ? namespace : `${namespace}-rome`)
  const inside = <T extends Version>(id: Id, all: readonly T[]) =>
    all.filter(({ metadata }) => metadata.namespace === placeIn(id))
  const podsIn = (id: Id) => inside(id, pods[id].now())
  const slicesIn: Sides['slicesIn'] = (id, service, manager) =>
    slicesOf(slices[id].now(), placeIn(id), service, manager)
  return {
    podsIn,
    ownPods: (id, app) => podsIn(id).filter((pod) => !isAway(pod) && (app === undefined || isOfApp(app)(pod))),
    backends: (id, service) => backendsOf(slicesIn(id, service)),
    slicesIn,
    podVersions: (id) => inside(id, pods[id].versions()),
    sliceVersions: (id) => inside(id, slices[id].versions()),
    close() {
      for (const id of IDS) for (const one of [pods[id], slices[id]]) one.close()
    },
  }
}
