import type { Stage } from '../../infra/local/stage.ts'

/** Makes a namespace in rome and offloads it; returns when its copies are ready. */
export async function offload({ clusters }: Pick<Stage, 'clusters'>, name: string, spec: object = {}): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  const metadata = { name: 'offloading', namespace: name }
  const offloading = { apiVersion: 'offloading.liqo.io/v1beta1', kind: 'NamespaceOffloading', metadata, spec }
  const { kubectl } = clusters.rome!
  await kubectl(['apply', '-f', '-'], listOf(namespace, offloading))
  const isReady = '--for=jsonpath={.status.offloadingPhase}=Ready'
  await kubectl(['-n', name, 'wait', isReady, 'nsof/offloading', '--timeout=60s'])
}

/** A Node in rome that stands for milan, of which nothing counts but what it is: pods must name it. */
export async function makeNode({ clusters }: Pick<Stage, 'clusters'>): Promise<void> {
  const labels = { 'liqo.io/type': 'virtual-node', 'liqo.io/remote-cluster-id': 'milan' }
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'liqo-milan', labels } }
  await clusters.rome!.kubectl(['apply', '-f', '-'], JSON.stringify(node))
}

/** Several objects as one manifest, in their order. */
export function listOf(...items: object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
}
