import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { createSecrets } from '../../lib/aws/secrets.ts'
import { clusterPrefix, type Env, optional } from '../../lib/config/reader.ts'
import { type Config, parseConfig } from '../../lib/config.ts'
import type { AdmissionEndpoint } from '../admission-webhooks.ts'
import { readArguments } from '../arguments.ts'
import type { Use } from '../rights.ts'
import { readStage } from '../stack/settings.ts'
import { type Events, useOf } from './cluster.ts'

export const USAGE = `usage: npm run --silent manifests -- --cluster ID --admission-url URL [--webhook-url URL] [...] | kubectl apply -f -

  Prints what a cluster needs for its part in the peerings: custom resources, rights, webhooks.

  --cluster ID          ClusterID
  --stage STAGE         the variables are in stages/STAGE.yml; the environment's own unless told
  --param settings=FILE they are in FILE instead of stages/STAGE.yml
  --admission-url URL   of the function admission; may be left out with --events none, and no pods are placed then
  --webhook-url URL     of the function webhook
  --ca FILE             CA of both (PEM), where no public one has signed their certificates
  --events HOW          audit: the API server's audit backend, whose files go to --out (default)
                        webhook: a webhook configuration, for API servers without that choice (default on EKS)
                        none: sweeps find every change
  --out DIR             where files go that kubectl does not apply, with a README
  --path DIR            where the API server finds them; default /etc/kubernetes/heliograph
`

/** What is wrong with the command line, a line each. */
export class UsageError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = new.target.name
  }
}

export interface ManifestOptions {
  id: string
  /** What the cluster is used for. */
  use: Use
  config: Config
  events: Events
  admission?: AdmissionEndpoint
  webhook?: AdmissionEndpoint
  /** Bearer token of the cluster's webhooks; empty where there are none. */
  token: string
  out?: string
  path: string
}

const EVENTS: readonly Events[] = ['audit', 'webhook', 'none']

/**
 * @throws UsageError with every problem of the command line; ManifestError for a cluster that has no part; ConfigError,
 *   SettingsError of the variables; SecretError, AwsCredentialsError where the token cannot be read
 */
export async function readOptions(args: readonly string[], env: Env): Promise<ManifestOptions> {
  const values = valuesOf(args)
  const problems: string[] = []
  const { cluster: id, out, path = '/etc/kubernetes/heliograph' } = values
  if (id === undefined) throw new UsageError(['--cluster: missing; give the ClusterID, e.g. --cluster rome'])
  if (values.param !== undefined && values.stage === undefined) throw new UsageError(['--param: give --stage too'])
  const config = parseConfig(values.stage === undefined ? env : await environmentOf(args, env))
  const use = useOf(config, id)
  const cluster = config.clusters.find((one) => one.id === id)!
  const isEks = 'eks' in cluster.access
  const events = EVENTS.find((one) => one === (values.events ?? (isEks ? 'webhook' : 'audit')))
  if (events === undefined) problems.push(`--events ${values.events}: use one of ${EVENTS.join(', ')}`)
  const urlOf = (flag: string, url: string | undefined, needed: boolean) => {
    if (url === undefined && needed)
      problems.push(`--${flag}: missing; give the URL of the function, e.g. https://abc.lambda-url.eu-west-1.on.aws`)
    if (url !== undefined) problems.push(...problemsOf(url).map((problem) => `--${flag}: "${url}" ${problem}`))
    return url
  }
  const admission = urlOf('admission-url', values['admission-url'], events !== 'none')
  const webhook = urlOf('webhook-url', values['webhook-url'], events !== 'none')
  if (events === 'audit' && out === undefined)
    problems.push('--out: missing; with --events audit the files of the API server go there')
  if (!isAbsolute(path)) problems.push(`--path: "${path}" is relative; API servers take absolute paths only`)
  if (isEks && events === 'audit') problems.push('--events audit: EKS takes no audit backend of one’s own; use webhook')
  const caPem = values.ca === undefined ? undefined : await readCa(values.ca, problems)
  const [reference] = cluster.webhookTokens
  if (reference === undefined && (admission !== undefined || webhook !== undefined)) {
    problems.push(`${clusterPrefix(id)}WEBHOOK_TOKEN: missing; give the token that the API server is to show`)
  }
  if (problems.length > 0 || events === undefined) throw new UsageError(problems)
  const token = (await createSecrets(config.secrets).read(reference ?? '')).split(',')[0]!.trim()
  const endpoint = (url: string): AdmissionEndpoint => ({
    url,
    ...(caPem !== undefined && { caPem }),
    // An API server whose files one can set shows it in a header.
    ...(events !== 'audit' && { token }),
  })
  return {
    id,
    use,
    config,
    events,
    token,
    path,
    ...optional('admission', admission === undefined ? undefined : endpoint(admission)),
    ...optional('webhook', webhook === undefined ? undefined : endpoint(webhook)),
    ...optional('out', out),
  }
}

/** The variables of a stage, and what says who asks for its secrets, which are where its functions are. */
async function environmentOf(args: readonly string[], env: Env): Promise<Env> {
  const { region, environment } = (await readStage(args)).settings
  const asker = Object.entries(env).filter(([name]) => name.startsWith('AWS_'))
  return { ...environment, ...Object.fromEntries(asker), AWS_REGION: region }
}

/** What an API server takes for no address of a webhook. */
function problemsOf(text: string): string[] {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:') return ['is no https URL']
  const { username, password, search, hash } = url
  return username + password + search + hash === '' ? [] : ['has more than host and path; give the URL without it']
}

function valuesOf(args: readonly string[]) {
  const names = ['cluster', 'stage', 'param', 'admission-url', 'webhook-url', 'ca', 'events', 'out', 'path'] as const
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }])) as Record<
    (typeof names)[number],
    { type: 'string' }
  >
  try {
    return readArguments({ args: [...args], options }).values
  } catch (error) {
    throw new UsageError([(error as Error).message])
  }
}

async function readCa(file: string, problems: string[]): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    problems.push(`--ca: ${file} cannot be read (${error.code})`)
  })
  if (text !== undefined && !text.includes('-----BEGIN CERTIFICATE-----')) {
    problems.push(`--ca: ${file} is no certificate; give the PEM of the CA`)
  }
  return text ?? undefined
}
