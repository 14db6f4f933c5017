import { admitter } from '../lib/functions.ts'

export const handler = admitter()
