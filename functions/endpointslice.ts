import { reflector } from '../lib/functions.ts'
import { endpointslice } from '../lib/kinds/endpointslice/kind.ts'

export const handler = reflector(endpointslice)
