import { configmap } from './configmap/kind.ts'
import { endpointslice } from './endpointslice/kind.ts'
import { event } from './event/kind.ts'
import { ingress } from './ingress/kind.ts'
import type { Kind } from './kind.ts'
import { persistentvolumeclaim } from './persistentvolumeclaim/kind.ts'
import { pod } from './pod/kind.ts'
import { secret } from './secret/kind.ts'
import { service } from './service/kind.ts'
import { shadowpod } from './shadowpod/kind.ts'

/** The table of kinds: sweep, triggers, rights and tests loop over it. Their order is the order of a sweep. */
export const KINDS: readonly Kind[] = [
  configmap,
  secret,
  service,
  ingress,
  endpointslice,
  persistentvolumeclaim,
  pod,
  shadowpod,
  event,
]
