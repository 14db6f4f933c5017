import type { Space } from './space.ts'

/** What the fabric has made in a namespace. */
export async function traces(space: Space): Promise<string[]> {
  const [links, rules, routes, tables] = await Promise.all([
    space.run('ip', '-o', 'link'),
    space.run('ip', 'rule'),
    space.try('ip', 'route', 'show', 'table', '18952').then(({ stdout }) => stdout),
    space.run('nft', 'list', 'tables'),
  ])
  return [
    ...[...links.matchAll(/^\d+: (heliograph[^:@]*)/gm)].map(([, name]) => `link ${name}`),
    ...rules.split('\n').filter((line) => line.includes('18952')),
    ...routes.split('\n').filter(Boolean),
    ...tables.split('\n').filter((line) => line.includes('heliograph')),
  ]
}
