/** The virtual node of a remote cluster: what it is called and how it is known. Names are Liqo v1.2's. */

/** Name of the virtual node, e.g. `liqo-milan`. */
export function nodeName(remote: string): string {
  return `liqo-${remote}`
}

export const NODE_TYPE = 'liqo.io/type'
export const VIRTUAL_NODE = 'virtual-node'
/** Label of a virtual node: ClusterID of the cluster behind it. */
export const REMOTE_CLUSTER = 'liqo.io/remote-cluster-id'
export const HOSTNAME = 'kubernetes.io/hostname'

/** Keeps pods off that were not meant to leave: `NoExecute`, value `true`. */
export const NOT_ALLOWED = 'virtual-node.liqo.io/not-allowed'

/**
 * What a clusterSelector and the pods' own selectors see of a remote cluster, whether it has a virtual node or not
 * (gate mode). What the configuration says of the cluster comes on top.
 */
export function clusterLabels(remote: string, configured: Readonly<Record<string, string>>): Record<string, string> {
  return {
    [HOSTNAME]: nodeName(remote),
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    [NODE_TYPE]: VIRTUAL_NODE,
    [REMOTE_CLUSTER]: remote,
    ...configured,
  }
}
