import { describe, expect, test } from 'vitest'
import { STACK } from '../account.ts'
import type { Scene } from '../scene.ts'

/** The last cases: Heliograph goes. */
export function uninstallCases(scene: Scene): void {
  const ours = async (cluster: string, ...kinds: string[]) => {
    const { kubectl } = scene.clusters[cluster]!
    const names = await kubectl(['get', kinds.join(), '--all-namespaces', '--ignore-not-found', '-o', 'name'])
    return names.split('\n').filter((name) => /heliograph|liqo-milan|-rome$/.test(name))
  }
  const kinds = ['namespaces', 'nodes', 'leases', 'clusterroles', 'clusterrolebindings', 'roles', 'rolebindings']

  describe('uninstall', () => {
    test('all that is ours goes from both clusters while the functions are there, then their stack', async () => {
      const { account, clusters, there, kubectl } = scene
      await kubectl('create', 'configmap', 'last', '--from-literal=k=v')
      await there('configmap', 'last')
      expect(await ours('milan', ...kinds)).toContain(`namespace/${scene.namespace}-rome`)
      expect((await account.deployed()).functions.length).toBeGreaterThan(0)

      const administrator = Object.fromEntries(
        Object.entries(clusters).map(([id, { kubeconfig }]) => [`CLUSTER_${id.toUpperCase()}_KUBECONFIG`, kubeconfig]),
      )
      const told = await account.uninstall(administrator, '--stack', '--yes')
      const marks = ['functions stopped', 'milan: 1 namespaces', 'All of it is removed.', `stack ${STACK}`]
      expect(
        marks.filter((mark) => !told.includes(mark)),
        told,
      ).toEqual([])
      expect([await ours('rome', ...kinds), await ours('milan', ...kinds)]).toEqual([[], []])
      expect((await account.deployed()).functions).toEqual([])

      const again = await account.uninstall(administrator, '--stack', '--yes')
      expect(again).toContain('There is nothing of ours in the clusters.')
      expect(again).toContain(`There is no stack ${STACK}.`)
    }, 400_000)
  })
}
