import * as e from './edits.ts'
import type { Edit } from './past.ts'
import { pick } from './seed.ts'

/** The object at home, as far as it decides which edits make sense. */
interface Source {
  value: string
  isWide: boolean
  isSkipped: boolean
}

type Move = readonly [Edit, Source | undefined]

function moves(source: Source | undefined): Move[] {
  if (!source) return [[e.create('a'), { value: 'a', isWide: false, isSkipped: false }]]
  const other = source.value === 'a' ? 'b' : 'a'
  return [
    [e.set(other), { ...source, value: other }],
    [source.isWide ? e.narrow : e.widen, { ...source, isWide: !source.isWide }],
    [source.isSkipped ? e.unskip : e.skip, { ...source, isSkipped: !source.isSkipped }],
    [e.remove(), undefined],
  ]
}

/** Every script of 1 to `most` edits at home, from nothing or from an object that holds `a`. */
export function homeScripts(most: number, isThere: boolean): Edit[][] {
  const found: Edit[][] = []
  const extend = (script: readonly Edit[], source: Source | undefined) => {
    if (script.length > 0) found.push([...script])
    if (script.length === most) return
    for (const [edit, next] of moves(source)) extend([...script, edit], next)
  }
  extend([], isThere ? { value: 'a', isWide: false, isSkipped: false } : undefined)
  return found
}

/** A script of `length` edits at home, from nothing or from what is there: edits that make no sense do nothing. */
export function randomScript(length: number, random: () => number): Edit[] {
  let source: Source | undefined
  return Array.from({ length }, () => {
    const [edit, next] = pick(random, moves(source))
    source = next
    return edit
  })
}
