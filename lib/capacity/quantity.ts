/**
 * Amounts of a resource, exact, in billionths of its unit (of a core, a byte, a piece), so that sums and comparisons
 * never round.
 */
export type Nano = bigint

const NANO = 1_000_000_000n

const SUFFIXES: Readonly<Record<string, [base: bigint, exponent: bigint]>> = {
  Ki: [1024n, 1n],
  Mi: [1024n, 2n],
  Gi: [1024n, 3n],
  Ti: [1024n, 4n],
  Pi: [1024n, 5n],
  Ei: [1024n, 6n],
  n: [10n, -9n],
  u: [10n, -6n],
  m: [10n, -3n],
  '': [10n, 0n],
  k: [10n, 3n],
  M: [10n, 6n],
  G: [10n, 9n],
  T: [10n, 12n],
  P: [10n, 15n],
  E: [10n, 18n],
}

const QUANTITY = /^([+-]?)(\d{0,32})(?:\.(\d{0,32}))?([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,2})?$/

/**
 * A Kubernetes quantity: `2`, `1500m`, `1.5Gi`, `2e3`; a number as YAML may have it. What is finer than a billionth is
 * rounded up, as Kubernetes does.
 * @returns undefined for a text that is no quantity
 */
export function toNano(quantity: unknown): Nano | undefined {
  const [text, sign, whole = '', fraction = '', suffix = ''] = QUANTITY.exec(String(quantity ?? '')) ?? []
  if (text === undefined || whole + fraction === '') return undefined
  const [base, exponent] = SUFFIXES[suffix] ?? [10n, BigInt(Number(suffix.slice(1)))]
  const digits = BigInt(whole + fraction) * NANO * (exponent > 0n ? base ** exponent : 1n)
  const divisor = 10n ** BigInt(fraction.length) * (exponent < 0n ? base ** -exponent : 1n)
  const size = (digits + divisor - 1n) / divisor
  return sign === '-' ? -size : size
}

/**
 * The quantity of an amount, rounded down, as Liqo measures an offer: CPU in thousandths, memory and storage in millions
 * of bytes, anything else in whole pieces. Written as the API server writes it back, e.g. `1500m`, `2`, `2147M`, `2G`.
 */
export function toQuantity(resource: string, amount: Nano): string {
  if (resource === 'cpu') return canonical(amount / 1_000_000n, -1)
  if (isBytes(resource)) return canonical(amount / (NANO * 1_000_000n), 2)
  return canonical(amount / NANO, 0)
}

const STEPS = ['', 'k', 'M', 'G', 'T', 'P', 'E']

/** With the largest suffix that leaves it whole. @param step power of a thousand */
function canonical(amount: Nano, step: number): string {
  if (amount === 0n) return '0'
  if (amount % 1000n === 0n && step + 1 < STEPS.length) return canonical(amount / 1000n, step + 1)
  return `${amount}${STEPS[step] ?? 'm'}`
}

/** The same for people: exact, e.g. `0.5`, `2147483648`. */
export function toText(amount: Nano): string {
  const size = amount < 0n ? -amount : amount
  const fraction = String(size % NANO)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${size / NANO}${fraction && `.${fraction}`}`
}

function isBytes(resource: string): boolean {
  return resource === 'memory' || resource === 'ephemeral-storage' || resource.startsWith('hugepages-')
}
