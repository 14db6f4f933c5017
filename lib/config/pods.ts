import type { PodPatch } from '../kinds/pod/settings.ts'
import type { Reader } from './reader.ts'

export const PODS_PER_CLUSTER = ['POD_PATCH']

/** What the operator of a remote cluster adds to every pod that runs there for others: JSON. `checkPodPatch` judges it. */
export function readPodPatch(reader: Reader, prefix: string): PodPatch | undefined {
  const text = reader.text(`${prefix}POD_PATCH`)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
