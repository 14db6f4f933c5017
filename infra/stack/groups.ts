import { type Env, Reader } from '../../lib/config/reader.ts'
import { clustersIn, environmentOf } from './environment.ts'
import type { StackOptions } from './stack.ts'

/** Peerings that share their functions. */
export interface Group {
  /** Behind the names of the functions. */
  suffix: string
  environment: Env
  /** Whose events wake the functions; all where it is absent. */
  clusters?: readonly string[]
  reservedConcurrency?: number
}

/** Those with a concurrency of their own each, and the others together. */
export function groupsOf({ environment, reservedConcurrency }: StackOptions): Group[] {
  const own = Object.entries(reservedConcurrency?.peerings ?? {})
  if (own.length === 0) return [{ suffix: '', environment }]
  const others = new Reader(environment).words('PEERINGS').filter((peering) => !own.some(([name]) => name === peering))
  const groups = [
    ...(others.length > 0 ? [{ suffix: '', peerings: others }] : []),
    // No ClusterID has an underscore in it.
    ...own.map(([name, most]) => ({
      suffix: `_${name.replace(':', '_')}`,
      peerings: [name],
      reservedConcurrency: most,
    })),
  ]
  return groups.map(({ peerings, ...group }) => {
    const ownEnvironment = environmentOf(peerings, environment)
    return { ...group, environment: ownEnvironment, clusters: clustersIn(ownEnvironment) }
  })
}
