import * as z from 'zod/mini'
import type { PodPatch } from '../kinds/pod/settings.ts'
import { parse } from '../schema.ts'
import type { Reader } from './reader.ts'

export const PODS_PER_CLUSTER = ['POD_PATCH']

/** Checked only as far as it is ours to know: the API server of the cluster checks the rest, in each pod. */
const patch = z.strictObject({
  nodeSelector: z.optional(z.record(z.string(), z.string())),
  tolerations: z.optional(z.array(z.looseObject({}))),
  affinity: z.optional(z.looseObject({})),
  runtimeClassName: z.optional(z.string()),
})

const EXAMPLE = '{"nodeSelector":{"pool":"guests"},"tolerations":[{"key":"guests","operator":"Exists"}]}'

/** What the operator of a remote cluster adds to every pod that runs there for others: JSON. */
export function readPodPatch(reader: Reader, prefix: string): PodPatch | undefined {
  const name = `${prefix}POD_PATCH`
  const text = reader.text(name)
  if (text === undefined) return undefined
  const parsed = parse(patch, json(text))
  if (parsed.success) return parsed.data as PodPatch
  const [issue] = parsed.error.issues
  reader.problems.push(
    `${name}: ${issue?.path.join('.') || 'all of it'} is not valid (${issue?.message}); use e.g. ${EXAMPLE}`,
  )
  return undefined
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
