import type { Inventory } from './uninstall.ts'

/** Names that are shown of a part. */
const SHOWN = 3

/** What there is, or what is left, in words: a paragraph for each cluster. */
export function inventoryText({ found, unknown }: Pick<Inventory, 'found' | 'unknown'>): string {
  const clusters = Map.groupBy(found, ({ part }) => part.cluster.id)
  const paragraphs = [...clusters].map(([id, rows]) => {
    const lines = rows.map(({ part, names }) => {
      const shown = names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ', …' : '')
      const count = `${names.length} ${part.what}`
      return `  ${count}${part.note === undefined ? '' : `, ${part.note}`}: ${shown}`
    })
    return [`${id}:`, ...lines].join('\n')
  })
  const silent = Map.groupBy(unknown, ({ part }) => part.cluster.id)
  const unanswered = [...silent].map(([id, rows]) => {
    const commands = rows
      .filter(({ part }) => part.how === 'delete' && part.selector !== '')
      .map(({ part: { resource, selector } }) => {
        const everywhere = resource.namespaced ? ' --all-namespaces' : ''
        const plural = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
        return `  kubectl delete ${plural}${everywhere} --selector '${selector}'`
      })
    const why = [...new Set(rows.map((row) => row.why))].map((line) => `  ${line}`)
    const head = `${id}: what is there remains. Run this again when it answers, or there, in this order:`
    return [head, ...why, ...new Set(commands)].join('\n')
  })
  return [...paragraphs, ...unanswered].join('\n\n')
}

/** What waits for people, a line each. */
export function waitingText({ waiting }: Pick<Inventory, 'waiting'>): string {
  return waiting
    .map(
      ({ part: { cluster, what, waitsFor }, names }) =>
        `${cluster.id}: ${what} wait for ${waitsFor}: ${names.join(', ')}`,
    )
    .join('\n')
}
