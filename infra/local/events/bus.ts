import type { BusEvent, Place } from './event.ts'
import { compilePattern, type Matcher } from './pattern/compile.ts'
import { type PutEntry, type PutResult, toEvent } from './put.ts'
import type { RetryPolicy } from './retry.ts'

/** A rule with its one target. */
export interface Rule {
  name: string
  arn: string
  /** Name of the bus. */
  bus: string
  pattern: unknown
  /** Name of the function. */
  target: string
  retry: RetryPolicy
  /** Name of the dead-letter queue; without one, what cannot be delivered is dropped. */
  deadLetters?: string
}

export interface BusStats {
  accepted: number
  /** Matched no rule. */
  unmatched: number
  /** Were for a bus that does not exist: AWS accepts these too, and drops them. */
  unknownBus: number
}

export interface Bus {
  /** Accepts entries and starts their delivery. One result for each entry, in order. */
  put(entries: PutEntry[]): PutResult[]
  stats(): BusStats
}

/**
 * The buses of the service with their rules.
 * @param deliver takes over an event for a rule's target
 * @throws PatternError naming the rule, for a pattern that AWS would refuse
 */
export function createBus(rules: Rule[], place: Place, deliver: (event: BusEvent, rule: Rule) => void): Bus {
  const buses = new Map<string, { rule: Rule; matches: Matcher }[]>([['default', []]])
  for (const rule of rules) {
    const compiled = { rule, matches: compilePattern(rule.pattern, rule.name) }
    buses.set(rule.bus, [...(buses.get(rule.bus) ?? []), compiled])
  }
  const counts = { accepted: 0, unmatched: 0, unknownBus: 0 }
  const route = (event: BusEvent, bus: string) => {
    counts.accepted++
    const candidates = buses.get(bus)
    const hit = candidates?.filter(({ matches }) => matches(event))
    if (!hit) counts.unknownBus++
    else if (hit.length === 0) counts.unmatched++
    for (const { rule } of hit ?? []) deliver(event, rule)
  }
  return {
    put: (entries) =>
      entries.map((entry) => {
        const event = toEvent(entry, place, Date.now())
        if (!('id' in event)) return event
        route(event, busName(entry.EventBusName))
        return { EventId: event.id }
      }),
    stats: () => ({ ...counts }),
  }
}

/** `arn:aws:events:<region>:<account>:event-bus/<name>` or the name itself. */
const busName = (nameOrArn = 'default') => nameOrArn.replace(/^arn:[^/]*:event-bus\//, '')
