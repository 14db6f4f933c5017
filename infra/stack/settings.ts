import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { parse } from 'yaml'
import * as z from 'zod'
import { readArguments } from '../arguments.ts'
import { ROOT } from '../local/root.ts'

/** Text of a variable; YAML reads `true` and `100` as what they look like, and nothing as null. */
const text = z
  .union([z.string(), z.number(), z.boolean(), z.null()], 'expected text; several values by comma, e.g. rome,milan')
  .transform((value) => String(value ?? ''))

/** @param example of what stands behind the account @param start what that begins with */
function arn(service: string, example: string, start = '') {
  return z
    .string()
    .regex(
      new RegExp(`^arn:[^:]+:${service}:[^:]+:\\d{12}:${start}[^:]+$`),
      `expected an ARN of ${service}, e.g. arn:aws:${service}:eu-west-1:123456789012:${example}`,
    )
}

/** An object of these fields and no others. */
function fields<S extends z.ZodRawShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has no field ${issue.keys.join(', ')}; use one of ${Object.keys(shape).join(', ')}`
        : undefined,
  })
}

/** ClusterIDs; that CLUSTERS has them is the preflight's to say. */
const clusters = z.array(z.string()).default([])

const executions = z.int().min(1)

const stageSettings = fields({
  /** AWS region of the functions. */
  region: z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'expected a region, e.g. eu-west-1'),
  /** Variables of the functions (docs/configuration.md). */
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected the name of a variable, e.g. CLUSTERS'), text),
  /** Keys of one's own that the secrets are encrypted with. */
  secretKeys: z.array(arn('kms', 'key/1234abcd-…', 'key/')).default([]),
  /** SNS topic that is told when an alarm goes off, and when it is over. */
  alarmTopicArn: arn('sns', 'oncall').optional(),
  /** Where the functions that call the clusters stand, for endpoints that the internet does not reach. */
  vpc: fields({
    subnetIds: z.array(z.string().regex(/^subnet-/, 'expected e.g. subnet-0a1b')).min(1),
    securityGroupIds: z.array(z.string().regex(/^sg-/, 'expected e.g. sg-0a1b')).min(1).max(5),
  }).optional(),
  /**
   * How much of the account's concurrency is kept for single functions, which may use no more either; and for single
   * peerings, e.g. `rome:turin`: those get functions of their own for each kind, with so much each, so that whatever
   * becomes of their clusters they hold up nobody else.
   */
  reservedConcurrency: fields({
    functions: z.record(z.string(), executions).default({}),
    peerings: z.record(z.string(), executions).default({}),
  }).prefault({}),
  /** MB of single functions, in place of their own, e.g. `sweep: 1024`; Lambda gives CPU in proportion. */
  memorySize: z.record(z.string(), z.int().min(128).max(10_240, 'expected 10240 at most')).default({}),
  /** EKS clusters of this account and region whose audit log wakes the functions, by ClusterID. */
  auditLogs: clusters,
  /** EKS clusters of this account and region that let the functions in by access entries, by ClusterID. */
  accessEntries: clusters,
  /** Where the kubelet API of the virtual nodes is served, for `kubectl logs`. */
  kubelet: fields({
    domainName: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'expected a name, e.g. kubelet.example.org'),
    certificateArn: arn('acm', 'certificate/1234abcd-…', 'certificate/'),
    /** Bundle of the CAs of the API servers' kubelet client certificates. */
    truststoreUri: z.string().regex(/^s3:\/\/[^/]+\/.+/, 'expected e.g. s3://bucket/kubelet-client-cas.pem'),
    truststoreVersion: z.string().optional(),
  }).optional(),
})

/** What a deployment is told besides serverless.yml: the content of `stages/<stage>.yml`. */
export type StageSettings = z.infer<typeof stageSettings>

/** The settings of a stage are missing or not valid. */
export class SettingsError extends Error {
  readonly problems: readonly string[]

  constructor(file: string, problems: readonly string[]) {
    super(`${file} has ${problems.length} problem(s):\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'SettingsError'
    this.problems = problems
  }
}

/** Where the settings of a stage are unless told. */
export const settingsFile = (stage: string): string => join(ROOT, 'stages', `${stage}.yml`)

/** What the options of a command name: `--stage STAGE`, `prod` unless told, and `--param settings=FILE`. */
export interface Stage {
  stage: string
  /** Where the settings are. */
  file: string
  settings: StageSettings
}

/** @param args of a command; options of others are passed over @throws SettingsError, usage errors */
export async function readStage(args: readonly string[]): Promise<Stage> {
  const text = { type: 'string' } as const
  const options = {
    stage: { ...text, short: 's' },
    param: { ...text, multiple: true },
    region: { ...text, short: 'r' },
  }
  const { stage = 'prod', param = [], region } = readArguments({ args: [...args], strict: false, options }).values
  const params = [param].flat().map((value) => /^settings=(.+)$/.exec(String(value))?.[1])
  const problems = [
    ...(isStageName(stage) ? [] : ['--stage: give letters, digits and "-", e.g. --stage prod']),
    ...(params.includes(undefined) ? ['--param: there is no other than settings=FILE'] : []),
    ...(region === undefined ? [] : ['--region: stands in the settings of the stage; correct it there']),
  ]
  if (problems.length > 0 || !isStageName(stage)) throw new SettingsError('the command', problems)
  const [given] = params
  const file = given === undefined ? settingsFile(stage) : resolve(given)
  return { stage, file, settings: await readSettings(file) }
}

/** What osls takes as one. */
const isStageName = (stage: unknown): stage is string => typeof stage === 'string' && /^[A-Za-z0-9-]+$/.test(stage)

/** A file as messages name it. */
export function shownAs(file: string): string {
  const path = relative(ROOT, file)
  return path.startsWith('..') ? file : path
}

/** @throws SettingsError naming each field */
export async function readSettings(file: string): Promise<StageSettings> {
  const content = await readFile(file, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    const remedy = 'copy stages/example.yml there and fill it in'
    throw new SettingsError(shownAs(file), [
      code === 'ENOENT' ? `it does not exist; ${remedy}` : `it cannot be read (${code}); give a file`,
    ])
  })
  return parseSettings(content, shownAs(file))
}

/** @param file for messages @throws SettingsError naming each field */
export function parseSettings(content: string, file: string): StageSettings {
  const parsed = stageSettings.safeParse(parsedYaml(content, file), { error: wanted })
  if (parsed.success) return parsed.data
  throw new SettingsError(
    file,
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`),
  )
}

/** What a field should be that is something else, or missing. */
function wanted({ code, input, expected, minimum }: z.core.$ZodRawIssue): string | undefined {
  if (code === 'too_small') return `expected ${minimum} at least`
  if (code !== 'invalid_type') return undefined
  const what = EXPECTED[String(expected)] ?? String(expected)
  return input === undefined || input === null ? `missing; give ${what}, as in stages/example.yml` : `expected ${what}`
}

/** By the names of zod. */
const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list, e.g. [rome]',
  object: 'fields with values',
  record: 'names with values',
  number: 'a number',
  int: 'a whole number',
}

function parsedYaml(content: string, file: string): unknown {
  try {
    return parse(content)
  } catch (error) {
    throw new SettingsError(file, [`no valid YAML: ${(error as Error).message}`])
  }
}
