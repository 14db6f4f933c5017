import type { Reader } from './reader.ts'

export const STORAGE_GLOBAL = ['VIRTUAL_STORAGE_CLASS']
export const STORAGE_PER_CLUSTER = ['STORAGE_CLASS']

/** StorageClass of home whose claims get their volume where their pod runs. */
export function readVirtualClass(reader: Reader): string {
  return reader.text('VIRTUAL_STORAGE_CLASS') ?? 'liqo'
}
