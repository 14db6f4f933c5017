import { reflector } from '../lib/functions.ts'
import { secret } from '../lib/kinds/secret/kind.ts'

export const handler = reflector(secret)
