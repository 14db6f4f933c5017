import type { KubeObject } from '../../lib/cluster/port.ts'
import { isMap } from './memory-json.ts'

/** Selectors in API syntax, compiled once per text. Both throw a plain Error on syntax that the API server refuses. */
export type Matches = (object: KubeObject) => boolean

const compiled = new Map<string, Matches>()

function once(key: string, compile: () => Matches): Matches {
  const known = compiled.get(key) ?? compile()
  compiled.set(key, known)
  return known
}

const KEY = '[\\w./-]+'
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s+\\(([^)]*)\\)$`)
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([\\w.-]*)$`)
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`)

function labelRequirement(text: string): Matches {
  const set = SET.exec(text)
  if (set) {
    const [, key = '', operator, list = ''] = set
    const values = new Set(list.split(',').map((value) => value.trim()))
    const inside = (object: KubeObject) => values.has(object.metadata.labels?.[key] ?? '\0')
    return operator === 'in' ? inside : (object) => !inside(object)
  }
  const equality = EQUALITY.exec(text)
  if (equality) {
    const [, key = '', operator, value] = equality
    if (operator === '!=') return (object) => object.metadata.labels?.[key] !== value
    return (object) => object.metadata.labels?.[key] === value
  }
  const exists = EXISTS.exec(text)
  if (!exists) throw new Error(`unable to parse requirement: ${text}`)
  const [, not, key = ''] = exists
  return (object) => Object.hasOwn(object.metadata.labels ?? {}, key) === (not === '')
}

/** `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas. */
export function labelSelector(text: string): Matches {
  return once(`l${text}`, () => {
    const parts = text.split(/,(?![^(]*\))/).map((part) => labelRequirement(part.trim()))
    return (object) => parts.every((part) => part(object))
  })
}

/** Pods and events can be selected by fields of their own; all other kinds by name and namespace only. */
const OWN_FIELDS: Record<string, RegExp> = {
  pods: /^(spec|status)\./,
  events: /^(involvedObject|reason|type|source|reportingComponent)/,
}

/** `metadata.name=x`, `!=` as well, joined by commas. */
export function fieldSelector(text: string, plural: string): Matches {
  return once(`f${plural} ${text}`, () => {
    const parts = text.split(',').map((part): Matches => {
      const [, path = '', operator, value = ''] = /^([\w.]+)(==|=|!=)(.*)$/.exec(part.trim()) ?? []
      if (!/^metadata\.(name|namespace)$/.test(path) && !OWN_FIELDS[plural]?.test(path)) {
        throw new Error(`field label not supported: ${path || part}`)
      }
      const keys = path.split('.')
      return (object) => {
        let found: unknown = object
        for (const key of keys) found = isMap(found) ? found[key] : undefined
        return (String(found ?? '') === value) === (operator !== '!=')
      }
    })
    return (object) => parts.every((part) => part(object))
  })
}
