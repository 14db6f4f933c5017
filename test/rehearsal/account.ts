import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { StageSettings } from '../../infra/stack/settings.ts'
import { awsCall } from '../../lib/aws/call.ts'
import { type Clients, CREDENTIALS, clientsOf } from './clients.ts'
import { CommandError, runCommand } from './command.ts'
import { type Deployed, readDeployed } from './deployed.ts'
import { type InvokeApi, startInvokeApi } from './invoke-api.ts'
import { startMoto } from './moto.ts'

/** Where and as what the service is deployed; the account is moto's. */
export const PLACE = { name: 'heliograph', stage: 'rehearsal', account: '123456789012', region: 'eu-west-1' }

/** Name of the stack, and how the names of all it holds begin. */
export const STACK = `${PLACE.name}-${PLACE.stage}`

/** An account of AWS with nothing in it, and who deploys there. */
export interface Account {
  /** For AWS_ENDPOINT_URL. */
  url: string
  clients: Clients
  /** Where invocations arrive. */
  api: InvokeApi
  /** Keeps a secret in Secrets Manager. */
  keep(name: string, members: Readonly<Record<string, string>>): Promise<void>
  /** `npm run deploy`, with these settings of the stage. @returns what it printed @throws CommandError */
  deploy(settings: Pick<StageSettings, 'environment'> & Partial<StageSettings>): Promise<string>
  /** `npm run remove` */
  remove(): Promise<string>
  /** `npm run redrive` */
  redrive(): Promise<string>
  /** `npm run uninstall` @param environment of whoever does it */
  uninstall(environment: Readonly<Record<string, string>>, ...options: string[]): Promise<string>
  deployed(): Promise<Deployed>
  stop(): Promise<void>
}

export async function openAccount(): Promise<Account> {
  await using started = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'heliograph-rehearsal-'))
  started.defer(() => rm(dir, { recursive: true, force: true }))
  const api = await startInvokeApi()
  started.defer(api.close)
  const moto = await startMoto(dir, api.url)
  started.defer(moto.stop)
  const { url } = moto
  const { region } = PLACE
  const clients = clientsOf(url, region)
  const settings = join(dir, 'stage.yml')
  const command = async (script: string, args: readonly string[], environment = {}) => {
    try {
      const stage = ['--stage', PLACE.stage, '--param', `settings=${settings}`]
      return await runCommand(`infra/${script}.ts`, [...args, ...stage], url, environment)
    } catch (error) {
      if (error instanceof CommandError) error.message += `\nmoto complains:\n${await moto.complaints()}`
      throw error
    }
  }
  const all = started.move()
  return {
    ...{ url, clients, api },
    async keep(Name, members) {
      const input = { Name, SecretString: JSON.stringify(members) }
      const target = 'secretsmanager.CreateSecret'
      await awsCall({ service: 'secretsmanager', target, input, region, keys: CREDENTIALS, endpoint: url })
    },
    async deploy(given) {
      await writeFile(settings, stringify({ region, ...given }))
      return command('stack/main', ['deploy'])
    },
    remove: () => command('stack/main', ['remove']),
    redrive: () => command('stack/redrive', []),
    uninstall: (environment, ...options) => command('uninstall/main', options, environment),
    deployed: () => readDeployed(clients, PLACE),
    stop: () => all.disposeAsync(),
  }
}
