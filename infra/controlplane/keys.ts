/** The keys of one cluster as files in its folder; the CA and the token key outlive a restart in the same folder. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Authority, createAuthority, createSigningKey, loadAuthority, mintClient, mintServing } from './pki.ts'

export interface Keys {
  ca: Authority
  /** Paths. */
  files: Record<
    | 'caCert'
    | 'caKey'
    | 'servingCert'
    | 'servingKey'
    | 'kubeletClientCert'
    | 'kubeletClientKey'
    | 'tokenPublic'
    | 'tokenPrivate',
    string
  >
}

/** Makes or finds the keys of a cluster. `hosts` are the names and addresses of its API server. */
export const prepareKeys = async (dir: string, hosts: readonly [string, ...string[]]): Promise<Keys> => {
  const folder = join(dir, 'pki')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const files = {
    caCert: join(folder, 'ca.crt'),
    caKey: join(folder, 'ca.key'),
    servingCert: join(folder, 'serving.crt'),
    servingKey: join(folder, 'serving.key'),
    kubeletClientCert: join(folder, 'kubelet-client.crt'),
    kubeletClientKey: join(folder, 'kubelet-client.key'),
    tokenPublic: join(folder, 'token.pub'),
    tokenPrivate: join(folder, 'token.key'),
  }
  const ca = await readAuthority(files).catch(async (error) => {
    if (error.code !== 'ENOENT') throw error
    const [authority, token] = await Promise.all([createAuthority('kubernetes'), createSigningKey()])
    await save(files.tokenPublic, token.publicPem)
    await save(files.tokenPrivate, token.privatePem)
    await save(files.caKey, authority.keyPem)
    await save(files.caCert, authority.certPem)
    return authority
  })
  const serving = await mintServing(ca, { hosts })
  await save(files.servingKey, serving.keyPem)
  await save(files.servingCert, serving.certPem)
  // Who the API server is to kubelets, as kubeadm and EKS name it.
  const caller = await mintClient(ca, { user: 'kube-apiserver-kubelet-client', groups: ['system:masters'] })
  await save(files.kubeletClientKey, caller.keyPem)
  await save(files.kubeletClientCert, caller.certPem)
  return { ca, files }
}

const readAuthority = async ({ caCert, caKey }: Keys['files']): Promise<Authority> =>
  loadAuthority({ certPem: await readFile(caCert, 'utf8'), keyPem: await readFile(caKey, 'utf8') })

const save = (file: string, text: string): Promise<void> => writeFile(file, text, { mode: 0o600 })
