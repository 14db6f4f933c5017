import type { KubeObject, Resource } from '../cluster/port.ts'
import type { PlannedCluster } from '../policy/policy.ts'
import type { PodSettings } from './pod/settings.ts'

/** Home owns the namespace (consumer), remote runs its copy (provider). */
export type Side = 'home' | 'remote'

/** One end of a reflection: which kind of object, on which side. */
export interface End {
  side: Side
  resource: Resource
  /** Subresources whose writes wake the kind too, e.g. `finalize`. */
  subresources?: readonly string[]
  /**
   * Writes of our own functions that wake the kind too, as another kind's function makes them: subresources, and `` for
   * the object itself.
   */
  own?: readonly string[]
  /** Other API groups that serve the same objects: writes by them count too. */
  groups?: readonly string[]
  /** Verbs of the writes that wake the kind, e.g. `create`; none: nothing does. Absent: all writes. */
  verbs?: readonly string[]
  /** Of a target: labels that ours bear besides the marks, where others' objects may come to bear the marks too. */
  labels?: Readonly<Record<string, string>>
}

/** Which objects a source needs: by name, or by a label selector. */
export type Wanted = { names: readonly string[] } | { labelSelector: string }

/**
 * A query for what select and forge need besides the source. The engine fetches it after target and source, in the
 * pair's namespace of that side unless told. Its side and resource are data, as rights and triggers are made of them.
 */
export interface Read {
  side: Side
  resource: Resource
  /** Where the objects are instead: one of our own namespaces. */
  namespace?: string
  /** `metadata`: nothing else is kept of the objects. */
  part?: 'metadata'
  wanted: (source: KubeObject, context: Context) => Wanted
  /**
   * A change of such an object wakes the sources of its namespace that bear this label with its name, the one of its
   * own name, or all; `peering`: it is named after the cluster on the other side, and wakes the sources of all
   * namespaces of that peering. Absent: it wakes nothing, and what it changes is left to the sweep.
   */
  wakes?: { label: string } | 'namesake' | 'all' | 'peering'
  /** As of an end. */
  subresources?: readonly string[]
  /** As of an end. */
  own?: readonly string[]
}

/** What the queries of a kind found, by their names in the record; absent objects are simply not in the list. */
export type Found = Readonly<Record<string, readonly KubeObject[]>>

/** What decides about addresses, for `policyOf`: both sides' flags and CIDRs, and how home's endpoints are mapped. */
export interface Networks {
  home: PlannedCluster
  remote: PlannedCluster
  /** Address of home -> its address in home's external CIDR. */
  mappings?: Readonly<Record<string, string>>
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
  /** Class the remote cluster offers for Ingresses. */
  ingressClass?: string
  networks: Networks
  /** How pods are offloaded to the remote cluster; nothing special where it is absent. */
  pods?: PodSettings
  storage?: StorageSettings
}

/** Classes of volumes that pods of home have in the remote cluster. */
export interface StorageSettings {
  /** StorageClass of home that stands for the remote one; `liqo` unless told. */
  virtualClass?: string
  /** What the remote cluster provides them with; its default class unless told. */
  remoteClass?: string
  /** Pods are gated for the remote cluster: no node is ever selected for a claim. */
  gated?: boolean
}

/**
 * `keep`: not reflected, but a copy made earlier stays (the reference says so for token Secrets). `quiet`: no Event, for
 * rules that nobody set on this object. `fault`: a mistake that its owner should mend, told as a warning. `deliberate`:
 * the configuration says so of all objects of the kind, or somebody has asked for the deletion of the source itself, so
 * that removing the copies is no sign of a glitch and does not count against a sweep's delete budget.
 */
export type Selection = { reflect: true } | NotReflected

export interface NotReflected {
  reflect: false
  why: string
  keep?: boolean
  quiet?: boolean
  fault?: boolean
  deliberate?: boolean
}

/** What the way back is forged from. */
export interface Seen {
  source: KubeObject
  /** Only if it is ours. */
  target: KubeObject | undefined
  /** The target, if it was made just now. */
  made: KubeObject | undefined
  found: Found
  /** Why there is no target, or not the desired one, where a person has to know. */
  refusal: string | undefined
  /** RFC 3339, in seconds. */
  now: string
}

/** What a source is given. The API server guards all of it by the source's uid and resourceVersion. */
export interface Gift {
  labels?: Readonly<Record<string, string>>
  /** All of the status that is ours to say. */
  status?: Readonly<Record<string, unknown>>
  /** Its deletion, which waited for the target's, is completed: it goes at once. */
  end?: true
  /** A warning for its owner, beside the gift. */
  warning?: { reason: string; message: string }
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
  reads?: Readonly<Record<string, Read>>
  /** Absent: the skip and allow annotations decide (lib/reflect/selection.ts). */
  select?: (source: KubeObject, context: Context, found: Found) => Selection
  /** True for a target that another flow of ours made: it is left alone. */
  yields?: (target: KubeObject) => boolean
  /**
   * Objects that forge needs and we make, one for a source or shared by several: an address for an endpoint, for one.
   * They are there before the target is written. Who frees them is a flow: none of them may go while a source needs it.
   */
  provides?: {
    /** The query that finds them. */
    read: string
    /**
     * Those to write, found ones or new ones; empty when nothing is missing, or can be had. Pure; asked again with what
     * became of them.
     */
    forge: (source: KubeObject, context: Context, found: Found) => readonly KubeObject[]
  }
  /** Source to desired target: pure. The stamp is added by the engine. */
  forge: (source: KubeObject, context: Context, found: Found) => KubeObject
  /** What of the desired target one that is there can still become: the rest was settled when it was made. Pure. */
  adapt?: (desired: KubeObject, target: KubeObject) => KubeObject
  /**
   * Whether a target made for an earlier source is deleted and made anew rather than taken over: always, or where the
   * API server would refuse the change, e.g. of what is immutable.
   */
  renews?: true | ((target: KubeObject, desired: KubeObject) => boolean)
  /** What is given back to the source: the way opposite to forge. */
  back?: {
    /** What `forge` may ask for: rights are made of it. */
    writes: readonly (keyof Gift)[]
    /** A status is given without fields that its cluster's version of the kind does not declare, rather than not at all. */
    partial?: true
    /** undefined: the source has all that is due to it. Pure. */
    forge: (seen: Seen, context: Context) => Gift | undefined
  }
  /**
   * Sources go by themselves in time: that a copy has none is no sign of a glitch, so that its deletion does not count
   * against a sweep's delete budget.
   */
  expires?: true
  /** Nobody is told about a source: it belongs to no person. */
  untold?: true
  /** What forge had to leave out, a sentence each, for the owner of the source: pure. */
  notices?: (source: KubeObject, context: Context, found: Found) => readonly string[]
}

/** Identity: checks a record and keeps its literal types. */
export function defineKind<const K extends Kind>(kind: K): K {
  return kind
}
