import { reflector } from '../lib/functions.ts'
import { shadowpod } from '../lib/kinds/shadowpod/kind.ts'

export const handler = reflector(shadowpod)
