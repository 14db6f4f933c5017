import { clusterPrefix } from '../../lib/config/reader.ts'
import { KINDS } from '../../lib/kinds/index.ts'
import type { Kind } from '../../lib/kinds/kind.ts'
import { environmentFor } from './environment.ts'
import type { Lambda, Row, StackFunction } from './function.ts'
import { type Group, groupsOf } from './groups.ts'
import { ROWS, ruleOf, WORK } from './rows.ts'
import type { StackOptions } from './stack.ts'

/** All functions, by name. */
export function functionsOf(options: StackOptions): Record<string, StackFunction> {
  const flows = Object.entries(ROWS).map(([name, row]) => [name, toFunction(name, name, row, options)])
  const kinds = groupsOf(options).flatMap((group) =>
    KINDS.map((kind) => {
      const name = `${kind.name}${group.suffix}`
      return [name, toFunction(name, kind.name, kindRow(kind, group), { ...options, environment: group.environment })]
    }),
  )
  return Object.fromEntries([...flows, ...kinds])
}

/** A function for each kind, which its rule wakes. */
function kindRow({ name, source }: Kind, { clusters, reservedConcurrency }: Group): Row {
  return {
    ...WORK,
    description: `Reflects ${source.resource.plural}`,
    events: [ruleOf(name, clusters)],
    secrets: ['access'],
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
  }
}

function toFunction(name: string, bundle: string, row: Row, options: StackOptions): StackFunction {
  const { secrets, every, may, ...rest } = row
  const { vpc, environment, reservedConcurrency, memorySize = {} } = options
  const reserved = reservedConcurrency?.functions[name]
  const memory = memorySize[name] ?? row.memorySize
  const lambda: Lambda = {
    ...rest,
    handler: `dist/${bundle}/index.handler`,
    package: { patterns: ['!**', `dist/${bundle}/**`] },
    environment: { ...environmentFor(secrets, environment, bundle), ...rest.environment },
    ...(memory !== undefined && { memorySize: memory }),
    ...(reserved !== undefined && { reservedConcurrency: reserved }),
    // Only who calls the clusters has to stand where they are reached.
    ...(vpc && secrets.includes('access') && { vpc }),
    ...extrasOf(name, options),
  }
  return { lambda, bundle, secrets, ...(every && { every }), ...(may && { may }) }
}

/** What single functions get by the settings. */
function extrasOf(name: string, { auditLogs = [], kubelet, environment }: StackOptions): Partial<Lambda> {
  if (name === 'webhook' && auditLogs.length > 0) {
    const names = auditLogs.map((cluster) => environment[`${clusterPrefix(cluster)}EKS_NAME`])
    const events = names.map((eks) => ({ cloudwatchLog: { logGroup: `/aws/eks/${eks}/cluster`, filter: WRITES } }))
    // No dead letters: a piece of the log holds what objects hold, and the sweep makes up for it.
    return { maximumRetryAttempts: 2, maximumEventAge: 3600, events }
  }
  // On AWS a Function URL would ask nobody for a certificate.
  return name === 'kubelet' && kubelet === 'local' ? { url: { invokeMode: 'RESPONSE_STREAM' } } : {}
}

/** Of an audit log what may have changed something; nodes renew their leases all the time. */
const WRITES =
  '{ $.stage = "ResponseComplete" && $.verb != "get" && $.verb != "list" && $.verb != "watch" && $.objectRef.resource != "leases" }'
