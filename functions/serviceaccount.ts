import { tokenKeeper } from '../lib/functions.ts'

export const handler = tokenKeeper()
