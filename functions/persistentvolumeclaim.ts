import { claimReflector } from '../lib/functions.ts'

export const handler = claimReflector()
