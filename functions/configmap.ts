import { reflector } from '../lib/functions.ts'
import { configmap } from '../lib/kinds/configmap/kind.ts'

export const handler = reflector(configmap)
