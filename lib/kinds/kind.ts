import type { KubeObject, Resource } from '../cluster/port.ts'

/** Home owns the namespace (consumer), remote runs its copy (provider). */
export type Side = 'home' | 'remote'

/** One end of a reflection: which kind of object, on which side. */
export interface End {
  side: Side
  resource: Resource
  /** Subresources whose writes wake the kind too, e.g. `finalize`. */
  subresources?: readonly string[]
}

/** How a kind chooses what to reflect: all but what is skipped, only what is allowed, or nothing at all. */
export type ReflectionType = 'DenyList' | 'AllowList' | 'Off'

/** Everything a forge function may know besides its source: values only, the same for all objects of a namespace. */
export interface Context {
  /** ClusterIDs, e.g. `rome`, `milan`. */
  home: string
  remote: string
  homeNamespace: string
  remoteNamespace: string
  reflection: ReflectionType
  /** Label and annotation keys that stay at home. */
  labelsNotReflected: readonly string[]
  annotationsNotReflected: readonly string[]
  /** Labels of the remote cluster, as its virtual node bears them. */
  remoteLabels: Readonly<Record<string, string>>
  /** Class the remote cluster offers for Services of type LoadBalancer. */
  loadBalancerClass?: string
}

/**
 * `keep`: not reflected, but a copy made earlier stays (the reference says so for token Secrets). `quiet`: no Event, for
 * rules that nobody set on this object. `fault`: a mistake that its owner should mend, told as a warning.
 */
export type Selection = { reflect: true } | NotReflected

export interface NotReflected {
  reflect: false
  why: string
  keep?: boolean
  quiet?: boolean
  fault?: boolean
}

/** The closed record of a kind: the engine reads these slots and asks nothing else. */
export interface Kind {
  /** Room, function, log and metric name. */
  name: string
  source: End
  target: End
  /** Name of the target where it differs from the source's, and back. Both or none. */
  targetName?: (sourceName: string, context: Context) => string
  sourceName?: (targetName: string, context: Context) => string
  /** Absent: the skip and allow annotations decide (lib/reflect/selection.ts). */
  select?: (source: KubeObject, context: Context) => Selection
  /** True for a target that another flow of ours made: it is left alone. */
  yields?: (target: KubeObject) => boolean
  /** Source to desired target: pure. Marks and stamp are added by the engine. */
  forge: (source: KubeObject, context: Context) => KubeObject
}

/** Identity: checks a record and keeps its literal types. */
export function defineKind<const K extends Kind>(kind: K): K {
  return kind
}
