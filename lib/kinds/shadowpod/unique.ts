import { eachMap, type Json, mapsOf } from '../json.ts'

/**
 * The spec of a pod without items of the same key, which a pod may have but server-side apply refuses. Of an
 * environment variable the last counts, as for the kubelet; of a container's ports the first, as a Service finds it;
 * aliases of one address are joined.
 */
export function withUniqueKeys(spec: Json): Json {
  return {
    ...spec,
    ...changed(spec, 'containers', (all) => eachMap(all, uniqueContainer)),
    ...changed(spec, 'initContainers', (all) => eachMap(all, uniqueContainer)),
    ...changed(spec, 'hostAliases', (all) => joined(mapsOf(all))),
    ...changed(spec, 'imagePullSecrets', (all) => firstOf(mapsOf(all), ({ name }) => name)),
  }
}

function uniqueContainer(container: Json): Json {
  return {
    ...container,
    ...changed(container, 'env', (all) => firstOf(mapsOf(all).toReversed(), ({ name }) => name).toReversed()),
    ...changed(container, 'ports', (all) =>
      firstOf(mapsOf(all), ({ containerPort, protocol }) => `${containerPort}/${protocol ?? 'TCP'}`),
    ),
  }
}

function changed(map: Json, field: string, change: (value: unknown) => unknown): Json {
  return Array.isArray(map[field]) ? { [field]: change(map[field]) } : {}
}

function firstOf(items: readonly Json[], keyOf: (item: Json) => unknown): Json[] {
  return [...Map.groupBy(items, keyOf).values()].map(([first]) => first!)
}

function joined(aliases: readonly Json[]): Json[] {
  return [...Map.groupBy(aliases, ({ ip }) => ip).values()].map((same) => ({
    ...same[0],
    hostnames: same.flatMap(({ hostnames }) => (Array.isArray(hostnames) ? hostnames : [])),
  }))
}
