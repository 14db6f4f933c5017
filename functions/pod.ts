import { podOffloader } from '../lib/functions.ts'

export const handler = podOffloader()
