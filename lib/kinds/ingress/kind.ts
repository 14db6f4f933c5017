import { INGRESS } from '../../cluster/resources.ts'
import { defineKind } from '../kind.ts'
import { remoteIngress } from './forge.ts'

export const ingress = defineKind({
  name: 'ingress',
  source: { side: 'home', resource: INGRESS },
  target: { side: 'remote', resource: INGRESS },
  forge: remoteIngress,
})
