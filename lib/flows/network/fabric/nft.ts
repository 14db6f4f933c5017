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
  return block('map', name, type, elements)
}

export function set(name: string, type: string, elements: readonly string[]): string {
  return block('set', name, type, elements)
}

/** An anonymous set, e.g. `{ 10.0.0.0/16, 10.1.0.0/16 }`; it may not be empty. */
export function anyOf(elements: readonly string[]): string {
  return `{ ${unique(elements).join(', ')} }`
}

function block(what: 'map' | 'set', name: string, type: string, elements: readonly string[]): string {
  // nft refuses an empty list of elements.
  const filled =
    elements.length > 0
      ? `\t\telements = {\n${unique(elements)
          .map((e) => `\t\t\t${e},\n`)
          .join('')}\t\t}\n`
      : ''
  return `\t${what} ${name} {\n\t\ttype ${type};\n\t\tflags interval;\n${filled}\t}\n`
}

function unique(elements: readonly string[]): string[] {
  return [...new Set(elements)].sort()
}
