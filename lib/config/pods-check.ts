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
  const given = readPodPatch(reader, prefix)
  const [issue] = parse(patch, given).error?.issues ?? []
  if (issue === undefined) return
  const why = `${issue.path.join('.') || 'all of it'} is not valid (${issue.message})`
  reader.problems.push(`${name}: ${given === undefined ? 'it is no JSON' : why}; use e.g. ${EXAMPLE}`)
}
