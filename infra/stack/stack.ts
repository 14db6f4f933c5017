import type { Env } from '../../lib/config/reader.ts'
import { accessEntriesOf } from './access-entries.ts'
import { alarmsOf } from './alarms.ts'
import { type Intrinsic, logicalId, type Resources, sub } from './cloudformation.ts'
import { dashboardOf } from './dashboard.ts'
import type { Lambda } from './function.ts'
import { functionsOf } from './functions.ts'
import { kubeletOf } from './kubelet.ts'
import { rolesOf } from './roles.ts'
import { schedulesOf } from './schedules.ts'
import type { StageSettings } from './settings.ts'

/** What the stack is made of: the settings of a stage but for its place; only an environment is always there. */
export interface StackOptions extends Partial<Omit<StageSettings, 'region' | 'environment' | 'kubelet'>> {
  environment: Env
  /** `local`: the host of the functions stands in front of the kubelet API itself. */
  kubelet?: StageSettings['kubelet'] | 'local'
}

/** What serverless.yml leaves to code, by the names it asks for. */
export interface Stack {
  functions: Record<string, Lambda & { role: Intrinsic }>
  resources: { Resources: Resources; Outputs: Readonly<Record<string, object>> }
}

/** The functions out of the table of kinds, and what goes with each of them. Pure. */
export function stackOf(options: StackOptions): Stack {
  const { kubelet } = options
  const functions = functionsOf({ ...options, environment: { ...kubeletAddress(kubelet), ...options.environment } })
  const served = kubelet === undefined || kubelet === 'local' ? undefined : kubeletOf(kubelet)
  const alarms = alarmsOf(functions, options.alarmTopicArn)
  return {
    functions: Object.fromEntries(
      // By name and not by Fn::GetAtt, of which osls would make a DependsOn that says the same once more.
      Object.entries(functions).map(([name, { lambda }]) => [
        name,
        { ...lambda, role: sub(`\${${logicalId(name, 'Role')}.Arn}`) },
      ]),
    ),
    resources: {
      Resources: {
        ...rolesOf(functions, options),
        ...schedulesOf(functions),
        ...accessEntriesOf(functions, options),
        ...alarms,
        Dashboard: dashboardOf(Object.keys(functions), Object.keys(alarms)),
        ...served?.Resources,
      },
      Outputs: { ...served?.Outputs },
    },
  }
}

/** What the virtual nodes say, unless the settings do. */
function kubeletAddress(kubelet: StackOptions['kubelet']): Env {
  return kubelet === undefined || kubelet === 'local' ? {} : { OFFLOADING_KUBELET: `${kubelet.domainName}:443` }
}
