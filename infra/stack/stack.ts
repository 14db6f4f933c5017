import type { Env } from '../../lib/config/reader.ts'
import { logicalId, type Resources, sub } from './cloudformation.ts'
import { functionsOf, type Lambda } from './functions.ts'
import { rolesOf } from './roles.ts'
import { schedulesOf } from './schedules.ts'
import type { StageSettings } from './settings.ts'

/** What the stack is made of: of a stage's settings all but where it stands. */
export type StackOptions = Omit<StageSettings, 'region' | 'environment'> & { environment: Env }

/** What serverless.yml leaves to code, by the names it asks for. */
export interface Stack {
  functions: Record<string, Lambda & { role: object }>
  resources: { Resources: Resources }
}

/** The functions out of the table of kinds, and what goes with each of them. Pure. */
export function stackOf(options: StackOptions): Stack {
  const functions = functionsOf(options)
  return {
    functions: Object.fromEntries(
      // By name and not by Fn::GetAtt, of which osls would make a DependsOn that says the same once more.
      Object.entries(functions).map(([name, { lambda }]) => [
        name,
        { ...lambda, role: sub(`\${${logicalId(name, 'Role')}.Arn}`) },
      ]),
    ),
    resources: { Resources: { ...rolesOf(functions), ...schedulesOf(functions) } },
  }
}
