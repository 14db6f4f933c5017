/** Percentile by nearest rank. @param share 0..1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Median of the runs and their spread, e.g. `2.6 (2.4-3.1)`. */
export function spread(runs: readonly number[], digits = 1): string {
  const [low, high] = [Math.min(...runs), Math.max(...runs)]
  return `${median(runs).toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`
}

/** Rows in columns of equal width; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
