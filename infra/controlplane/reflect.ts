/**
 * The part of the decorator metadata API that @peculiar/x509's dependency container asks for and Node lacks: three
 * functions over a WeakMap. To be imported before @peculiar/x509. A full polyfill, where one is loaded, is left alone.
 */
type Metadata = Map<unknown, unknown>

const store = new WeakMap<object, Metadata>()

const own = (key: unknown, target: object): unknown => store.get(target)?.get(key)

const inherited = (key: unknown, target: object | null): unknown => {
  for (let at = target; at; at = Object.getPrototypeOf(at)) if (store.get(at)?.has(key)) return own(key, at)
  return undefined
}

const define = (key: unknown, value: unknown, target: object): void => {
  const metadata: Metadata = store.get(target) ?? new Map()
  store.set(target, metadata.set(key, value))
}

if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { getMetadata: inherited, getOwnMetadata: own, defineMetadata: define })
