import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import * as z from 'zod'
import { ROOT } from '../local/root.ts'

/** Text of a variable; YAML reads `true` and `100` as what they look like. */
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)

const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:[^:]+:${service}:`), `expected an ARN of ${service}, e.g. arn:aws:${service}:…`)

/** ClusterIDs; that CLUSTERS has them is the preflight's to say. */
const clusters = z.array(z.string()).default([])

const executions = z.int().min(1)

const stageSettings = z.strictObject({
  /** AWS region of the functions. */
  region: z.string().regex(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'expected a region, e.g. eu-west-1'),
  /** Variables of the functions (docs/configuration.md). */
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'expected the name of a variable, e.g. CLUSTERS'), text),
  /** Keys of one's own that the secrets are encrypted with. */
  secretKeys: z.array(arn('kms')).default([]),
  /** SNS topic that is told when an alarm goes off, and when it is over. */
  alarmTopicArn: arn('sns').optional(),
  /** Where the functions that call the clusters stand, for endpoints that the internet does not reach. */
  vpc: z
    .strictObject({
      subnetIds: z.array(z.string().regex(/^subnet-/, 'expected e.g. subnet-0a1b')).min(1),
      securityGroupIds: z.array(z.string().regex(/^sg-/, 'expected e.g. sg-0a1b')).min(1).max(5),
    })
    .optional(),
  /**
   * How much of the account's concurrency is kept for single functions, which may use no more either; and for single
   * peerings, e.g. `rome:turin`: those get functions of their own for each kind, with so much each, so that whatever
   * becomes of their clusters they hold up nobody else.
   */
  reservedConcurrency: z
    .strictObject({
      functions: z.record(z.string(), executions).default({}),
      peerings: z.record(z.string(), executions).default({}),
    })
    .prefault({}),
  /** EKS clusters of this account and region whose audit log wakes the functions, by ClusterID. */
  auditLogs: clusters,
  /** EKS clusters of this account and region that let the functions in by access entries, by ClusterID. */
  accessEntries: clusters,
  /** Where the kubelet API of the virtual nodes is served, for `kubectl logs`. */
  kubelet: z
    .strictObject({
      domainName: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'expected a name, e.g. kubelet.example.org'),
      certificateArn: arn('acm'),
      /** Bundle of the CAs of the API servers' kubelet client certificates. */
      truststoreUri: z.string().regex(/^s3:\/\/[^/]+\/.+/, 'expected e.g. s3://bucket/kubelet-client-cas.pem'),
      truststoreVersion: z.string().optional(),
    })
    .optional(),
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
  file: string
  settings: StageSettings
}

/** @param args of a command; options of others are passed over @throws SettingsError */
export async function readStage(args: readonly string[]): Promise<Stage> {
  const options = { stage: { type: 'string', short: 's' }, param: { type: 'string', multiple: true } } as const
  const { stage = 'prod', param = [] } = parseArgs({ args: [...args], strict: false, options }).values
  const given = [param].flat().flatMap((value) => /^settings=(.+)$/.exec(String(value))?.[1] ?? [])
  const file = given[0] === undefined ? settingsFile(String(stage)) : resolve(given[0])
  return { stage: String(stage), file, settings: await readSettings(file) }
}

/** @throws SettingsError naming each field */
export async function readSettings(file: string): Promise<StageSettings> {
  const shown = relative(ROOT, file).startsWith('..') ? file : relative(ROOT, file)
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new SettingsError(shown, ['it does not exist; copy stages/example.yml there and fill it in'])
  })
  return parseSettings(content, shown)
}

/** @param file for messages @throws SettingsError naming each field */
export function parseSettings(content: string, file: string): StageSettings {
  const parsed = stageSettings.safeParse(parsedYaml(content, file))
  if (parsed.success) return parsed.data
  throw new SettingsError(
    file,
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`),
  )
}

function parsedYaml(content: string, file: string): unknown {
  try {
    return parse(content)
  } catch (error) {
    throw new SettingsError(file, [`no valid YAML: ${(error as Error).message}`])
  }
}
