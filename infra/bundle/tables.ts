import type { Bundle } from '../bundle.ts'

/** Bundles with their sizes: what a cold start loads, and what comes later. */
export function bundleTable(bundles: readonly Bundle[]): string {
  return table([
    ['function', 'start KB', 'later KB'],
    ...bundles.map(({ name, start, later }) => [name, kb(start.bytes), kb(later.bytes)]),
  ])
}

/** The parts of a bundle, largest first. */
export function partsTable({ name, start, later }: Bundle): string {
  const parts = [...new Set([...Object.keys(start.parts), ...Object.keys(later.parts)])]
  const sizes = parts.map((part) => ({ part, early: start.parts[part] ?? 0, late: later.parts[part] ?? 0 }))
  const sorted = sizes.toSorted((a, b) => b.early + b.late - (a.early + a.late))
  return table([
    [name, 'start KB', 'later KB'],
    ...sorted.map(({ part, early, late }) => [part || 'heliograph', kb(early), kb(late)]),
  ])
}

const kb = (bytes: number) => (bytes / 1024).toFixed(1)

/** The first column to the left, numbers to the right. */
function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const cell = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)
  return rows.map((row) => row.map(cell).join('  ')).join('\n')
}
