import * as z from 'zod/mini'
import { parse } from '../schema.ts'
import { readPodPatch } from './pods.ts'
import type { Reader } from './reader.ts'

/** Checked only as far as it is ours to know: the API server of the cluster checks the rest, in each pod. */
const patch = z.strictObject({
  nodeSelector: z.optional(z.record(z.string(), z.string())),
  tolerations: z.optional(z.array(z.looseObject({}))),
  affinity: z.optional(z.looseObject({})),
  runtimeClassName: z.optional(z.string()),
})

const EXAMPLE = '{"nodeSelector":{"pool":"guests"},"tolerations":[{"key":"guests","operator":"Exists"}]}'

/** Refuses what cannot be added to pods. */
export function checkPodPatch(reader: Reader, prefix: string): void {
  const name = `${prefix}POD_PATCH`
  if (reader.text(name) === undefined) return
  const parsed = parse(patch, readPodPatch(reader, prefix))
  if (parsed.success) return
  const [issue] = parsed.error.issues
  reader.problems.push(
    `${name}: ${issue?.path.join('.') || 'all of it'} is not valid (${issue?.message}); use e.g. ${EXAMPLE}`,
  )
}
