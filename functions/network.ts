import { negotiator } from '../lib/functions.ts'

export const handler = negotiator()
