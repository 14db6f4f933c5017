import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'

/** One observed case of Liqo: one line of a `*.jsonl` file; its README is where the cases come from. */
const golden = z.looseObject({
  /** `case`, `@`, `version`. */
  id: z.string().min(1),
  case: z.string().min(1),
  kind: z.string().min(1),
  /** The behaviour exercised, e.g. `RemoteService`, or `Pure` with its name in `input.call`. */
  fn: z.string().min(1),
  version: z.string().min(1),
  /** Settings around the input; unknown ones are left alone. */
  params: z.record(z.string(), z.unknown()),
  input: z.unknown(),
  expected: z.unknown(),
  /** Facts that hold for any right output, kind `unit-fact` only. */
  asserts: z.array(z.looseObject({ path: z.string() })).optional(),
})

export type Golden = z.infer<typeof golden>
export type Assertion = NonNullable<Golden['asserts']>[number]

/** The folder or a line cannot be used: nothing was run. */
export class CasesError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CasesError'
  }
}

/**
 * The lines to run, one a case, from all `*.jsonl` files of a folder in order of file and line.
 * @throws CasesError when the folder cannot be read, holds no case, or a line is not one
 */
export async function readCases(folder: string): Promise<Golden[]> {
  const files = await readdir(folder).catch((cause: unknown) => {
    throw new CasesError(`cannot read the folder ${folder}: ${(cause as Error).message}`, { cause })
  })
  const lines: Golden[] = []
  for (const file of files.filter((name) => name.endsWith('.jsonl')).sort()) {
    lines.push(...toLines(file, await readFile(join(folder, file), 'utf8')))
  }
  if (lines.length === 0) throw new CasesError(`the folder ${folder} holds no *.jsonl file with cases`)
  return chooseVersions(lines)
}

function toLines(file: string, text: string): Golden[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const where = `${file}:${index + 1}`
    const parsed = golden.safeParse(toJson(line, where))
    if (!parsed.success) throw new CasesError(`${where} is not a case: ${z.prettifyError(parsed.error)}`)
    return [parsed.data]
  })
}

function toJson(line: string, where: string): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new CasesError(`${where} is not JSON: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Of a case's lines the one of v1.2.0, whose rules are followed, or the only one. The address manager is v0.8.3's: for
 * its kinds (`ipam-…`) that line comes first.
 */
function chooseVersions(lines: readonly Golden[]): Golden[] {
  const byCase = Map.groupBy(lines, (line) => `${line.kind} ${line.case}`)
  return [...byCase.values()].map((versions) => {
    const order = versions[0]?.kind.startsWith('ipam-') ? ['v0.8.3', 'v1.2.0'] : ['v1.2.0', 'v0.8.3']
    const wanted = order.map((version) => versions.find((line) => line.version === version)).find((line) => line)
    return wanted ?? (versions[0] as Golden)
  })
}
