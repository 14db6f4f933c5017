import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation'
import { type LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda'

/** Where the stack is. */
export interface Region {
  cloudformation: CloudFormationClient
  lambda: LambdaClient
}

/**
 * Stops the functions of a stack: what runs comes to its end, and nothing new begins. No deployment takes that back
 * unless it changes how much concurrency a function has, so it is for a stack that is about to be removed.
 * @returns how many there are; undefined where there is no such stack
 */
export async function stopFunctions(region: Region, stack: string): Promise<number | undefined> {
  const names = await functionsOf(region, stack)
  for (const FunctionName of names ?? []) {
    await region.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }))
  }
  return names?.length
}

async function functionsOf({ cloudformation }: Region, StackName: string): Promise<string[] | undefined> {
  const names: string[] = []
  try {
    for await (const page of paginateListStackResources({ client: cloudformation }, { StackName })) {
      const { StackResourceSummaries = [] } = page
      const functions = StackResourceSummaries.filter(({ ResourceType }) => ResourceType === 'AWS::Lambda::Function')
      names.push(...functions.flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []))
    }
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) return
    throw error
  }
  return names
}
