import { NODE, POD, SECRET } from '../../cluster/resources.ts'
import { mapOf } from '../../kinds/json.ts'
import { defineKind } from '../../kinds/kind.ts'
import { tokenSecretName } from '../../kinds/pod/tokens.ts'
import { NODE_TYPE, VIRTUAL_NODE } from '../node/name.ts'
import { tokenSecret } from './secret.ts'

/**
 * Home pod to the remote Secret with its tokens. What it holds is asked for and not read, so that a flow observes
 * instead of the engine; all else is as with any kind.
 */
export const serviceaccount = defineKind({
  name: 'serviceaccount',
  // The pod function ends those that are deleted.
  source: { side: 'home', resource: POD, subresources: ['binding'], own: [''] },
  target: { side: 'remote', resource: SECRET },
  targetName: tokenSecretName,
  sourceName: (secret) => secret.replace(/-token$/, ''),
  reads: {
    nodes: {
      side: 'home',
      resource: NODE,
      part: 'metadata',
      wanted: ({ spec }) => (mapOf(spec).nodeName ? { labelSelector: `${NODE_TYPE}=${VIRTUAL_NODE}` } : { names: [] }),
    },
  },
  forge: (pod, context) => tokenSecret(pod, [], context),
})
