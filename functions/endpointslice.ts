import { sliceReflector } from '../lib/functions.ts'

export const handler = sliceReflector()
