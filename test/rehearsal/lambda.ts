import type { Sender, Target } from '../../infra/local/events/decide.ts'
import { createDeliverer, type Delivery } from '../../infra/local/events/deliver.ts'
import type { LetterMessage } from '../../infra/local/events/letters.ts'
import { type FrontsOptions, startFronts } from '../../infra/local/host/fronts.ts'
import type { Tls } from '../../infra/local/http/front.ts'
import type { Poller } from '../../infra/local/queues/queue.ts'
import { ensureRuntime } from '../../infra/local/runtime/install.ts'
import { putLetter, queueUrlOf } from './dead-letters.ts'
import type { Deployed, DeployedFunction } from './deployed.ts'
import { createFunctions, type Functions, type FunctionsOptions } from './functions.ts'
import type { InvokeApi } from './invoke-api.ts'
import { type RunningPoller, startPoller } from './poller.ts'

export interface LambdaOptions extends Omit<FunctionsOptions, 'ric'> {
  /** Tells what is deployed now. */
  read(): Promise<Deployed>
  /** Takes the invocations that come over AWS. */
  api: InvokeApi
  /** Certificate and ports of what stands for the Function URLs. */
  tls: Tls
  ports: Readonly<Record<string, number>>
  /** Authorities of the certificates of those who call the kubelet API. */
  clientCas: FrontsOptions['clientCas']
  /** First waits before a retry, ms: AWS's minute is not waited for. */
  backoffs: { function: number; handover: number }
}

/** Runs what is deployed: pollers, Function URLs, and invocations with their retries. */
export interface Lambda extends Pick<Functions, 'stats'> {
  deployed(): Deployed
  /** Reads again what is deployed. */
  refresh(): Promise<void>
  deliveries: readonly Delivery[]
  /** Events that have not come to an end. */
  pending(): number
  stop(): Promise<void>
}

export async function startLambda(options: LambdaOptions): Promise<Lambda> {
  await using started = new AsyncDisposableStack()
  let deployed = await options.read()
  const functions = createFunctions({ ...options, ric: await ensureRuntime() })
  started.defer(functions.stop)
  await functions.take(deployed)
  const { invoke } = functions

  const put = async (letter: LetterMessage) => {
    // EventBridge itself puts what Lambda did not take; what the function failed at is put with its role.
    const { functionArn = '' } = letter.attributes.RULE_ARN ? {} : JSON.parse(letter.body).requestContext
    const failed = deployed.functions.find(({ arn }) => functionArn.startsWith(`${arn}:`))
    const { sqs } = failed ? await functions.clientsOf(failed.name) : options.clients
    await putLetter(sqs, await queueUrlOf(options, letter.queue), letter)
  }
  const deliveries: Delivery[] = []
  const onDelivery = (one: Delivery) => void deliveries.push(one)
  const deliverer = createDeliverer({ invoke, deadLetters: { put }, backoffs: options.backoffs, onDelivery })
  const send = (from: Sender, name: string, event: unknown) =>
    deliverer.send(from, targetOf(functions.describe(name)), event)

  const nameOf = (fullName: string) => deployed.functions.find((fn) => fn.fullName === fullName)?.name ?? ''
  options.api.serve({
    has: (fullName) => nameOf(fullName) !== '',
    now: (fullName, payload) => invoke(nameOf(fullName), payload),
    later(fullName, payload, source) {
      const rule = deployed.rules.find(({ arn }) => arn === source)
      void send(rule ?? { arn: 'Invoke', retry: { attempts: 0, age: 60 } }, nameOf(fullName), JSON.parse(payload))
    },
  })
  const { tls, ports, clientCas } = options
  const service = { ...deployed, functions: deployed.functions.map(served), routes: [], queues: [] }
  const fronts = await startFronts({ service, tls, host: '127.0.0.1', ports, clientCas, invoke })
  started.defer(async () => {
    // Both wait for what runs, which the end of the functions ends.
    const ended = [fronts.close(), deliverer.stop()]
    await functions.stop()
    await Promise.all(ended)
  })
  for (const poller of deployed.pollers) started.defer((await poll(poller, functions, options)).stop)

  const all = started.move()
  return {
    deployed: () => deployed,
    async refresh() {
      deployed = await options.read()
      await functions.take(deployed)
    },
    deliveries,
    pending: deliverer.pending,
    stats: functions.stats,
    stop: () => all.disposeAsync(),
  }
}

/**
 * On AWS a REST API that streams, with mutual TLS, is in front of the kubelet API (infra/stack/kubelet.ts), and moto serves
 * none. The local host's front does the same for it here.
 */
function served(fn: DeployedFunction): DeployedFunction {
  return fn.name === 'kubelet' ? { ...fn, url: true, streams: true } : fn
}

/** With the role of the function, as Lambda does. */
async function poll(poller: Poller, functions: Functions, options: LambdaOptions): Promise<RunningPoller> {
  const { queue, target, batchSize } = poller
  const { sqs } = await functions.clientsOf(target)
  const QueueUrl = await queueUrlOf(options, queue)
  const [, , , region, account] = functions.describe(target).arn.split(':')
  const arn = `arn:aws:sqs:${region}:${account}:${queue}`
  return startPoller({ QueueUrl, arn, batchSize }, { sqs, owner: options.clients.sqs }, async (event) => {
    const answer = await functions.invoke(target, JSON.stringify(event)).catch(() => undefined)
    return answer !== undefined && answer.functionError === undefined
  })
}

function targetOf({ name, arn, retry, deadLetters }: DeployedFunction): Target {
  return { name, arn, retry, ...(deadLetters && { deadLetters }) }
}
