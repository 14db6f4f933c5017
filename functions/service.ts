import { reflector } from '../lib/functions.ts'
import { service } from '../lib/kinds/service/kind.ts'

export const handler = reflector(service)
