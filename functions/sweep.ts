import { sweeper } from '../lib/functions.ts'

export const handler = sweeper()
