import { distance } from 'fastest-levenshtein'
import * as z from 'zod/mini'
import type { PeeringConfig } from '../config.ts'

/** Bad environment: stop at start. `problems` has one line per variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the environment has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export type Env = Readonly<Record<string, string | undefined>>

/** Every variable under these is ours, so an unknown one is a typing error. */
const OUR_PREFIXES = [
  'CLUSTER_',
  'CLUSTERS',
  'PEERINGS',
  'GATEWAY_',
  'NETWORK_',
  'NETWORKING_',
  'OFFLOADING_',
  'REFLECT_',
  'SECRETS_',
  'SWEEP_',
  'VIRTUAL_',
]

/** At most 58 characters: labels hold the name of its virtual node, `liqo-<id>`, and take 63. */
const CLUSTER_ID = /^[a-z0-9]([-a-z0-9]{0,56}[a-z0-9])?$/

/** `CLUSTER_<ID>_`: the ID in capitals, `-` as `_`. */
export function clusterPrefix(id: string): string {
  return `CLUSTER_${id.toUpperCase().replaceAll('-', '_')}_`
}

/** Reads variables and gathers what is wrong with them instead of throwing at the first. */
export class Reader {
  readonly problems: string[] = []
  readonly #env: Env

  constructor(env: Env) {
    this.#env = env
  }

  /** @throws ConfigError when there were problems */
  done<T>(value: T): T {
    if (this.problems.length > 0) throw new ConfigError(this.problems)
    return deepFreeze(value)
  }

  text(name: string): string | undefined {
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  words(name: string): string[] {
    return (this.text(name) ?? '').split(',').flatMap((word) => word.trim() || [])
  }

  /** @param schema made only where there is a value: most variables are unset, and each cold start reads all of them */
  #check<T>(name: string, schema: () => z.ZodMiniType<T>, fallback: T, remedy: string): T {
    const value = this.text(name)
    if (value === undefined) return fallback
    const parsed = schema().safeParse(value)
    if (parsed.success) return parsed.data
    this.problems.push(`${name}: ${JSON.stringify(value)} is not valid; ${remedy}`)
    return fallback
  }

  flag(name: string, fallback: boolean): boolean {
    return this.#check(name, flag, fallback, 'use true or false')
  }

  count(name: string, fallback: number): number {
    return this.#check(name, count, fallback, 'use a whole number, 0 or more')
  }

  oneOf<const T extends string>(name: string, values: readonly T[], fallback: T): T {
    return this.#check(name, () => z.enum(values), fallback, `use one of ${values.join(', ')}`)
  }

  ids(name: string): string[] {
    const ids = this.words(name)
    if (ids.length === 0) this.problems.push(`${name}: missing; name the clusters, e.g. ${name}=rome,milan`)
    for (const id of ids) {
      if (!CLUSTER_ID.test(id)) {
        this.problems.push(
          `${name}: "${id}" is no ClusterID; use at most 58 lower-case letters, digits and "-", e.g. rome`,
        )
      }
    }
    for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) < index))) {
      this.problems.push(`${name}: "${id}" stands twice; remove one`)
    }
    return ids
  }

  peerings(name: string, ids: readonly string[]): PeeringConfig[] {
    const words = this.words(name)
    if (words.length === 0) this.problems.push(`${name}: missing; name who extends into whom, e.g. ${name}=rome:milan`)
    const seen = new Set<string>()
    return words.flatMap((word) => {
      const [home = '', remote = '', ...rest] = word.split(':')
      const unknown = [home, remote].filter((id) => !ids.includes(id))
      if (rest.length > 0 || home === '' || remote === '') {
        this.problems.push(`${name}: "${word}" is no peering; use <home>:<remote>, e.g. rome:milan`)
      } else if (unknown.length > 0) {
        this.problems.push(`${name}: "${word}" names ${unknown.join(', ')}, which CLUSTERS does not; add it there`)
      } else if (home === remote) {
        this.problems.push(`${name}: "${word}" peers a cluster with itself; name two clusters`)
      } else if (seen.has(word)) {
        this.problems.push(`${name}: "${word}" stands twice; remove one`)
      } else {
        seen.add(word)
        return [{ home, remote }]
      }
      return []
    })
  }

  labels(name: string): Record<string, string> {
    return this.pairs(name, 'label', 'topology.kubernetes.io/region=eu')
  }

  /** `<key>=<value>` by comma. @param what one of them is called, for the remedy, with an example */
  pairs(name: string, what: string, example: string): Record<string, string> {
    return Object.fromEntries(
      this.words(name).flatMap((word) => {
        const at = word.indexOf('=')
        if (at > 0) return [[word.slice(0, at), word.slice(at + 1)]]
        this.problems.push(`${name}: "${word}" is no ${what}; use <key>=<value>, e.g. ${example}`)
        return []
      }),
    )
  }

  /** A URL as it stands; its scheme is for who uses it to judge. */
  url(name: string): string | undefined {
    const value = this.text(name)
    if (value !== undefined && !URL.canParse(value)) {
      this.problems.push(`${name}: "${value}" is no URL; use e.g. https://api.rome.example:6443`)
    }
    return value
  }

  /** @param known every variable of ours @param prefixes of names that are ours or wrong */
  refuseUnknown(known: readonly string[], prefixes = OUR_PREFIXES): void {
    for (const name of Object.keys(this.#env)) {
      if (known.includes(name) || !prefixes.some((prefix) => name.startsWith(prefix))) continue
      const ids = this.words('CLUSTERS')
      if (name.startsWith('CLUSTER_') && !ids.some((id) => name.startsWith(clusterPrefix(id)))) {
        // That there are none at all is told once, and not for each variable.
        if (ids.length > 0)
          this.problems.push(`${name}: of no cluster that CLUSTERS names (${ids}); add it there, or correct the name`)
        continue
      }
      const nearest = known.toSorted((a, b) => distance(a, name) - distance(b, name))[0]
      this.problems.push(`${name}: unknown variable; did you mean ${nearest}?`)
    }
  }
}

const flag = () =>
  z.pipe(
    z.enum(['true', 'false']),
    z.transform((word) => word === 'true'),
  )
const count = () => z.pipe(z.string().check(z.regex(/^\d+$/)), z.transform(Number))

/** `{[key]: value}`, or nothing when there is no value: an absent optional property, not an undefined one. */
export function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze)
  return Object.freeze(value)
}
