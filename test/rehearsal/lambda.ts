import type { Sender, Target } from '../../infra/local/events/decide.ts'
import { createDeliverer, type Delivery } from '../../infra/local/events/deliver.ts'
import type { LetterMessage } from '../../infra/local/events/letters.ts'
import { startFronts } from '../../infra/local/host/fronts.ts'
import { type FunctionOptions, functionConfig } from '../../infra/local/host/functions.ts'
import type { Tls } from '../../infra/local/http/front.ts'
import { ensureRuntime } from '../../infra/local/runtime/install.ts'
import { createPool, type Pool, type PoolStats } from '../../infra/local/runtime/pool.ts'
import type { OnStream } from '../../infra/local/runtime/stream.ts'
import { type Clients, clientsOf, keysOfRole } from './clients.ts'
import { putLetter, queueUrlOf } from './dead-letters.ts'
import type { Deployed, DeployedFunction } from './deployed.ts'
import type { InvokeApi } from './invoke-api.ts'
import { type RunningPoller, startPoller } from './poller.ts'

export interface LambdaOptions {
  /** Tells what is deployed now. */
  read(): Promise<Deployed>
  /** The packages as they are deployed. */
  packages: FunctionOptions['bundles']
  /** Where AWS is. */
  url: string
  clients: Clients
  /** Takes the invocations that come over AWS. */
  api: InvokeApi
  /** Certificate and ports of what stands for the Function URLs. */
  tls: Tls
  ports: Readonly<Record<string, number>>
  /** First waits before a retry, ms: AWS's minute is not waited for. */
  backoffs: { function: number; handover: number }
  onLine(name: string, line: string): void
}

/** Runs what is deployed: pollers, Function URLs, invocations with their retries, each function with its own role. */
export interface Lambda {
  deployed(): Deployed
  /** Reads again what is deployed; a function that has changed gets new sandboxes. */
  refresh(): Promise<void>
  deliveries: readonly Delivery[]
  /** Events that have not come to an end. */
  pending(): number
  stats(name: string): PoolStats
  stop(): Promise<void>
}

/** An idle sandbox ends sooner than on AWS: there are many functions, and some memory. */
const IDLE_MS = 20_000

interface Running {
  fn: DeployedFunction
  pool: Pool
}

export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  const { read, url, clients, api, onLine } = options
  const ric = await ensureRuntime()
  let deployed = await read()
  const running = new Map<string, Running>()
  const pools: Pool[] = []

  const start = async (fn: DeployedFunction) => {
    const { accessKeyId, secretAccessKey, sessionToken } = await keysOfRole(clients, fn.role)
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    }
    const config = functionConfig(fn, url, { bundles: options.packages, env, idle: IDLE_MS })
    const pool = createPool(config, ric, (line) => onLine(fn.name, line))
    running.set(fn.name, { fn, pool })
    // Those of before end what they have begun.
    pools.push(pool)
  }
  for (const fn of deployed.functions) await start(fn)

  const runningOf = (name: string): Running => {
    const found = running.get(name)
    if (!found) throw new Error(`Function not found: ${name}`)
    return found
  }
  const invoke = async (name: string, payload: string, onStream?: OnStream) =>
    runningOf(name).pool.invoke(payload, onStream)
  const roleClients = async (name: string) =>
    clientsOf(url, deployed.region, await keysOfRole(clients, runningOf(name).fn.role))

  const put = async (letter: LetterMessage) => {
    // EventBridge itself puts what Lambda did not take; what the function failed at is put with its role.
    const { functionArn = '' } = letter.attributes.RULE_ARN ? {} : JSON.parse(letter.body).requestContext
    const failed = deployed.functions.find(({ arn }) => functionArn.startsWith(`${arn}:`))
    const { sqs } = failed ? await roleClients(failed.name) : clients
    await putLetter(sqs, await queueUrlOf(options, letter.queue), letter)
  }
  const deliveries: Delivery[] = []
  const { backoffs } = options
  const deliverer = createDeliverer({
    invoke,
    deadLetters: { put },
    backoffs,
    onDelivery: (one) => deliveries.push(one),
  })
  const send = (from: Sender, name: string, event: unknown) => deliverer.send(from, targetOf(runningOf(name).fn), event)

  const nameOf = (fullName: string) => deployed.functions.find((fn) => fn.fullName === fullName)?.name ?? ''
  api.serve({
    has: (fullName) => nameOf(fullName) !== '',
    now: (fullName, payload) => invoke(nameOf(fullName), payload),
    later(fullName, payload, source) {
      const rule = deployed.rules.find(({ arn }) => arn === source)
      void send(rule ?? { arn: 'Invoke', retry: { attempts: 0, age: 60 } }, nameOf(fullName), JSON.parse(payload))
    },
  })

  const { tls, ports } = options
  const service = { ...deployed, routes: [], queues: [], schedules: [] }
  const fronts = await startFronts({ service, tls, host: '127.0.0.1', ports, clientCas: {}, invoke })
  const pollers: RunningPoller[] = []
  for (const poller of deployed.pollers) {
    const { sqs } = await roleClients(poller.target)
    const arn = `arn:aws:sqs:${deployed.region}:${deployed.account}:${poller.queue}`
    const take = async (event: unknown) =>
      invoke(poller.target, JSON.stringify(event)).then(
        ({ functionError }) => functionError === undefined,
        () => false,
      )
    const QueueUrl = await queueUrlOf(options, poller.queue)
    pollers.push(startPoller({ QueueUrl, arn, batchSize: poller.batchSize }, sqs, take))
  }

  return {
    deployed: () => deployed,
    async refresh() {
      deployed = await read()
      for (const fn of deployed.functions) {
        if (JSON.stringify(fn) !== JSON.stringify(running.get(fn.name)?.fn)) await start(fn)
      }
    },
    deliveries,
    pending: deliverer.pending,
    stats: (name) => runningOf(name).pool.stats(),
    async stop() {
      await Promise.all(pollers.map((poller) => poller.stop()))
      const closed = fronts.close()
      const ending = deliverer.stop()
      await Promise.all(pools.map((pool) => pool.stop()))
      await Promise.all([ending, closed])
    },
  }
}

function targetOf({ name, arn, retry, deadLetters }: DeployedFunction): Target {
  return { name, arn, retry, ...(deadLetters && { deadLetters }) }
}
