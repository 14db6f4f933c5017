import type { Refuse } from './error.ts'

export type TextTest = (text: string) => boolean

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/**
 * The source of a regular expression, as event-ruler folds case: each UTF-16 unit may stand in its lower or its upper
 * form, in no other one. Half a surrogate pair becomes a question mark there.
 */
export const ignoringCase = (text: string): string =>
  text
    .split('')
    .map((unit) => {
      const char = /[\ud800-\udfff]/.test(unit) ? '?' : unit
      const [lower, upper] = [char.toLowerCase(), char.toUpperCase()]
      return lower === upper ? escaped(lower) : `(?:${escaped(lower)}|${escaped(upper)})`
    })
    .join('')

/** Tests a whole text; `s` so that `.` is any character. */
export function whole(source: string): TextTest {
  const pattern = new RegExp(`^(?:${source})$`, 's')
  return (text) => pattern.test(text)
}

/**
 * `*` is any text, `\*` and `\\` are themselves. Matched piece by piece, first fit: linear, where a regular expression
 * with several `.*` would be exponential.
 */
export function wildcard(text: string, refuse: Refuse): TextTest {
  const pieces = ['']
  for (let i = 0; i < text.length; i++) {
    const [char = '', next = ''] = text.slice(i, i + 2)
    if (char === '*') {
      if (next === '*') refuse('consecutive wildcards')
      pieces.push('')
    } else if (char === '\\') {
      if (next !== '*' && next !== '\\') refuse('a backslash must be followed by * or another backslash')
      pieces[pieces.length - 1] += next
      i++
    } else pieces[pieces.length - 1] += char
  }
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return (value) => value === first
  return (value) => {
    if (!value.startsWith(first)) return false
    let at = first.length
    for (const piece of rest) {
      const found = value.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return value.length - last.length >= at && value.endsWith(last)
  }
}
