import { reflector } from '../lib/functions.ts'
import { ingress } from '../lib/kinds/ingress/kind.ts'

export const handler = reflector(ingress)
