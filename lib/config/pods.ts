import * as z from 'zod'
import type { PodPatch } from '../kinds/pod/settings.ts'
import type { Reader } from './reader.ts'

export const PODS_PER_CLUSTER = ['POD_PATCH']

/** Checked only as far as it is ours to know: the API server of the cluster checks the rest, in each pod. */
const patch = z.strictObject({
  nodeSelector: z.record(z.string(), z.string()).optional(),
  tolerations: z.array(z.looseObject({})).optional(),
  affinity: z.looseObject({}).optional(),
  runtimeClassName: z.string().optional(),
})

const EXAMPLE = '{"nodeSelector":{"pool":"guests"},"tolerations":[{"key":"guests","operator":"Exists"}]}'

/** What the operator of a remote cluster adds to every pod that runs there for others: JSON. */
export function readPodPatch(reader: Reader, prefix: string): PodPatch | undefined {
  const name = `${prefix}POD_PATCH`
  const text = reader.text(name)
  if (text === undefined) return undefined
  const parsed = patch.safeParse(json(text))
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
