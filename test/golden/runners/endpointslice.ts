import type { KubeObject } from '../../../lib/cluster/port.ts'
import { remoteEndpointSlice } from '../../../lib/kinds/endpointslice/forge.ts'
import { endpointslice as kind } from '../../../lib/kinds/endpointslice/kind.ts'
import { contextOf } from '../context.ts'
import { inputOf, type Runners } from '../runner.ts'
import { toShadow, toSlice } from '../slices.ts'
import { reflectOne } from './reflect.ts'

export const endpointslice: Runners = {
  RemoteShadowEndpointSlice: (given) => {
    const { local, nodes = [] } = inputOf<{ local: KubeObject; nodes: KubeObject[] }>(given)
    return toShadow(remoteEndpointSlice(local!, contextOf(given), { nodes }))
  },
}

export const reflectEndpointSlice: Runners = {
  ReflectHandle: (given) => {
    const { local = [], remote = [] } = inputOf<{ local: KubeObject[]; remote: KubeObject[] }>(given)
    const slices = remote.map((shadow) => {
      const { metadata, ...slice } = toSlice(shadow)
      return { ...slice, metadata: { ...shadow.metadata, ...metadata } }
    })
    return reflectOne(kind, { ...given, input: { local, remote: slices } })
  },
}
