/** Who calls a cluster: client certificates of its CA, as credentials and as kubeconfig files in its folder. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Keys } from './keys.ts'
import { renderKubeconfig } from './kubeconfig.ts'
import { type Identity, mintClient } from './pki.ts'
import type { Access } from './request.ts'

/** The control plane's own users; the rights of the first two come with RBAC's default roles. */
export const users = {
  controllerManager: { user: 'system:kube-controller-manager' },
  scheduler: { user: 'system:kube-scheduler' },
  kwok: { user: 'kwok', groups: ['system:masters'] },
  admin: { user: 'admin', groups: ['system:masters'] },
} satisfies Record<string, Identity>

export interface Identities {
  access(identity: Identity): Promise<Access>
  /** Writes a kubeconfig, by default as `kubeconfigs/<user>.kubeconfig`. @returns its path. */
  kubeconfig(identity: Identity, file?: string): Promise<string>
}

export interface Place {
  /** Name of the cluster. */
  name: string
  dir: string
  server: string
  keys: Keys
}

export const createIdentities = ({ name, dir, server, keys }: Place): Identities => {
  const { ca } = keys
  return {
    access: async (identity) => ({ server, caPem: ca.certPem, ...(await mintClient(ca, identity)) }),
    kubeconfig: async (identity, file) => {
      const folder = join(dir, 'kubeconfigs')
      const path = file ?? join(folder, `${identity.user.replaceAll(/[^\w.-]/g, '_')}.kubeconfig`)
      await mkdir(folder, { recursive: true })
      const credential = await mintClient(ca, identity)
      const text = renderKubeconfig({ name, server, caPem: ca.certPem, user: identity.user, ...credential })
      await writeFile(path, text, { mode: 0o600 })
      return path
    },
  }
}
