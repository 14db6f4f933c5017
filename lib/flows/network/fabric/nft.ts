/**
 * Text for `nft -f`. A table is replaced as a whole, in one transaction: declared, so that it can be deleted whether it
 * was there or not, deleted, and made anew. nft 1.0 wants each statement on a line of its own.
 */
export function replaceTable(name: string, blocks: readonly string[]): string {
  return `table ip ${name}\ndelete table ip ${name}\ntable ip ${name} {\n${blocks.join('')}}\n`
}

/** e.g. `chain('from_peer', 'type …', ['ct state related accept'])`; a chain without a hook is one to jump to. */
export function chain(name: string, hook: string | undefined, rules: readonly string[]): string {
  const lines = hook === undefined ? rules : [`type ${hook};`, ...rules]
  return `\tchain ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n`
}

/** A map of addresses or intervals; each element as `<key> : <value>`, keys all different. */
export function map(name: string, type: string, elements: readonly string[]): string {
  return block('map', name, [`type ${type};`, INTERVALS], elements)
}

/** The same of single addresses alone, which the kernel hashes. */
export function mapOfAddresses(name: string, type: string, elements: readonly string[]): string {
  return block('map', name, [`type ${type};`], elements)
}

export function set(name: string, type: string, elements: readonly string[]): string {
  return block('set', name, [`type ${type};`, INTERVALS], elements)
}

/** The same of single addresses alone, which the kernel hashes. */
export function setOfAddresses(name: string, type: string, elements: readonly string[]): string {
  return block('set', name, [`type ${type};`], elements)
}

const INTERVALS = 'flags interval;'

/** An anonymous set, e.g. `{ 10.0.0.0/16, 10.1.0.0/16 }`; it may not be empty. */
export function anyOf(elements: readonly string[]): string {
  return `{ ${unique(elements).join(', ')} }`
}

function block(what: 'map' | 'set', name: string, kind: readonly string[], elements: readonly string[]): string {
  // nft refuses an empty list of elements. There may be thousands: they are not indented.
  const filled = elements.length > 0 ? ['elements = {', ...unique(elements).map((one) => `${one},`), '}'] : []
  return `\t${what} ${name} {\n${[...kind, ...filled].map((line) => `${line}\n`).join('')}\t}\n`
}

function unique(elements: readonly string[]): string[] {
  return [...new Set(elements)].sort()
}
