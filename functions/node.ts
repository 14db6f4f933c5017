import { keeper } from '../lib/functions.ts'

export const handler = keeper()
