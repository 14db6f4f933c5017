import type { KubeObject } from '../../cluster/port.ts'
import { SERVICE } from '../../cluster/resources.ts'
import { bySkipAndAllow } from '../../reflect/selection.ts'
import { type Context, defineKind, type Selection } from '../kind.ts'
import { remoteService } from './forge.ts'

export const service = defineKind({
  name: 'service',
  source: { side: 'home', resource: SERVICE },
  target: { side: 'remote', resource: SERVICE },
  select: selectService,
  // With or without an address of its own: that is settled when a Service is made.
  renews: (target, desired) => isHeadless(target) !== isHeadless(desired),
  forge: remoteService,
})

function isHeadless({ spec }: KubeObject): boolean {
  return (spec as { clusterIP?: string } | undefined)?.clusterIP === 'None'
}

/** `default/kubernetes` leads to the API server of its own cluster: never reflected, and nobody needs to be told. */
export function selectService(source: KubeObject, context: Context): Selection {
  if (context.homeNamespace === 'default' && source.metadata.name === 'kubernetes') {
    return {
      reflect: false,
      keep: true,
      quiet: true,
      why: 'the kubernetes service is the API server of its own cluster',
    }
  }
  return bySkipAndAllow(source, context)
}
