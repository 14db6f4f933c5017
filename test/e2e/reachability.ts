import type { Stage } from '../../infra/local/stage.ts'

/** Makes milan have heard of rome long ago: what is out of reach then has been so for more than a moment. */
export async function ageHomeLease({ clusters }: Pick<Stage, 'clusters'>): Promise<void> {
  const spec = { renewTime: '2026-01-01T00:00:00.000000Z' }
  const lease = ['-n', 'kube-node-lease', 'patch', 'lease', 'heliograph-rome', '--type=merge']
  await clusters.milan!.kubectl([...lease, '-p', JSON.stringify({ spec })])
}
