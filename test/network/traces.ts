import type { Space } from './space.ts'

/** The fabric's routing tables. */
const TABLES = ['18952', '18953']

/** What the fabric has made in a namespace. */
export async function traces(space: Space): Promise<string[]> {
  const [links, rules, routes, tables] = await Promise.all([
    space.run('ip', '-o', 'link'),
    space.run('ip', 'rule'),
    Promise.all(TABLES.map((table) => space.try('ip', 'route', 'show', 'table', table))),
    space.run('nft', 'list', 'tables'),
  ])
  return [
    ...[...links.matchAll(/^\d+: (heliograph[^:@]*)/gm)].map(([, name]) => `link ${name}`),
    ...rules.split('\n').filter((line) => TABLES.some((table) => line.includes(table))),
    ...routes.flatMap(({ stdout }) => stdout.split('\n')).filter(Boolean),
    ...tables.split('\n').filter((line) => line.includes('heliograph')),
  ]
}
