import {
  DeleteFunctionConcurrencyCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
  type UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda'
import type { DeployedFunction } from './deployed.ts'
import type { Scene } from './scene.ts'

/** What somebody does on AWS to a function that is deployed. */

const deployed = ({ lambda }: Scene, name: string) =>
  lambda.deployed().functions.find((fn) => fn.name === name) as DeployedFunction

/** @param executions most at a time; undefined: as many as come */
export async function reserve(scene: Scene, name: string, executions: number | undefined): Promise<void> {
  const { lambda } = scene.account.clients
  const { fullName: FunctionName } = deployed(scene, name)
  if (executions === undefined) await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }))
  else {
    const ReservedConcurrentExecutions = executions
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }))
  }
  await scene.lambda.refresh()
}

type Change = Pick<UpdateFunctionConfigurationCommandInput, 'Timeout' | 'MemorySize' | 'Environment'>

/** Changes its settings. @returns what puts them back */
export async function configure(scene: Scene, name: string, change: Change): Promise<() => Promise<void>> {
  const { lambda } = scene.account.clients
  const { fullName: FunctionName, timeout, memory, environment } = deployed(scene, name)
  const send = async (settings: Change) => {
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...settings }))
    await scene.lambda.refresh()
  }
  await send(change)
  return () => send({ Timeout: timeout / 1000, MemorySize: memory, Environment: { Variables: environment } })
}
