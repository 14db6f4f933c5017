import { offloader } from '../lib/functions.ts'

export const handler = offloader()
