import { type Endpoint, MANAGED_BY, OURS, type Slice } from './services.ts'
import { type Both, IDS, type Id, ipsOf, isAway, type Pod, type Sides } from './sides.ts'
import type { Version } from './watch.ts'

/** How an address appears in the other cluster; undefined: not at all. */
export type View = (address: string) => string | undefined

/** What the flags make of addresses. */
export interface Views {
  /** Of pods of milan's, in rome. */
  atHome: View
  /** Of what rome's Services resolve to, in milan. */
  inRemote: View
}

/** Addresses by what has them, e.g. `{ web: ['10.10.0.1', '10.20.0.1'] }`; in the order of their texts. */
type Addresses = Record<string, string[]>

/** The addresses that rome shows of its pods in milan, by name. */
export function shownPodIPs({ podsIn }: Sides): Addresses {
  return ipsByName(podsIn('rome').filter(isAway), itself)
}

/** What they must be, by the pods that milan runs. */
export function duePodIPs({ ownPods }: Sides, { atHome }: Views): Addresses {
  return ipsByName(ownPods('milan'), atHome)
}

function ipsByName(pods: readonly Pod[], view: View): Addresses {
  return Object.fromEntries(pods.map((pod) => [pod.metadata.name, ipsOf(pod).flatMap(through(view))]))
}

export function resolved({ backends }: Sides, services: readonly string[]): Both<Addresses> {
  const all = (id: Id) =>
    Object.fromEntries(
      services.map((name) => [
        name,
        backends(id, name)
          .map(({ address }) => address)
          .toSorted(),
      ]),
    )
  return { rome: all('rome'), milan: all('milan') }
}

/**
 * What Services must resolve to, by where their pods run.
 * @param apps Services of pods, each named as the app that it selects
 * @param byHand addresses in rome of the others
 */
export function dueAddresses(
  { ownPods }: Sides,
  { atHome, inRemote }: Views,
  apps: readonly string[],
  byHand: Readonly<Record<string, readonly string[]>>,
): Both<Addresses> {
  const all = (views: Both<View>) => {
    const ofApp = (app: string) => IDS.flatMap((id) => ownPods(id, app).flatMap(ipsOf).flatMap(through(views[id])))
    const ofHand = Object.entries(byHand).map(([name, some]) => [name, some.flatMap(through(views.rome))] as const)
    const entries = [...apps.map((app) => [app, ofApp(app)] as const), ...ofHand]
    return Object.fromEntries(entries.map(([name, addresses]) => [name, addresses.toSorted()]))
  }
  return { rome: all({ rome: itself, milan: atHome }), milan: all({ rome: inRemote, milan: itself }) }
}

/**
 * What the versions, of all that there ever were, show and must not: addresses of no pod that they name, or not as the
 * flags want them. e.g. `rome: Pod web-1 (version 517): 10.20.0.3`
 * @param byHand every address that was ever kept by hand
 */
export function wronglyShown(sides: Sides, { atHome, inRemote }: Views, byHand: readonly string[]): string[] {
  // A pod of rome is known by its uid; of one in milan the name is all that rome knows.
  const inRome = addressesEver(sides.podVersions('rome'), ({ uid }) => uid)
  const inMilan = addressesEver(sides.podVersions('milan'), ({ name }) => name)
  const fromMilan = (name: string) => inMilan(name).flatMap(through(atHome))
  const allowed = (id: Id, { metadata }: Slice, { targetRef }: Endpoint) => {
    const atRome = targetRef ? [...inRome(targetRef.uid), ...fromMilan(targetRef.name)] : byHand
    if (id === 'rome') return atRome
    const isReflected = metadata.labels?.[MANAGED_BY] === OURS
    return isReflected ? atRome.flatMap(through(inRemote)) : inMilan(targetRef?.name ?? '')
  }
  const wrong = (id: Id, { kind, metadata }: Version, found: readonly string[], allowed: readonly string[]) => {
    const where = `${id}: ${kind} ${metadata.name} (version ${metadata.resourceVersion})`
    return found.filter((address) => !allowed.includes(address)).map((address) => `${where}: ${address}`)
  }
  const away = sides.podVersions('rome').filter(isAway)
  const ofPods = away.flatMap((pod) => wrong('rome', pod, ipsOf(pod), fromMilan(pod.metadata.name)))
  const ofSlices = IDS.flatMap((id) =>
    sides
      .sliceVersions(id)
      .flatMap((slice) =>
        (slice.endpoints ?? []).flatMap((endpoint) =>
          wrong(id, slice, endpoint.addresses, allowed(id, slice, endpoint)),
        ),
      ),
  )
  return [...ofPods, ...ofSlices]
}

/** All addresses that a pod ever had where it ran. */
function addressesEver(
  versions: readonly Pod[],
  key: (metadata: Pod['metadata']) => string,
): (key: string) => readonly string[] {
  const ever = Map.groupBy(
    versions.filter((pod) => !isAway(pod)),
    ({ metadata }) => key(metadata),
  )
  return (wanted) => (ever.get(wanted) ?? []).flatMap(ipsOf)
}

const itself: View = (address) => address
const through = (view: View) => (address: string) => view(address) ?? []
