import { reflector } from '../lib/functions.ts'
import { event } from '../lib/kinds/event/kind.ts'

export const handler = reflector(event)
