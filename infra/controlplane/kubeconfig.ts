/** Kubeconfig files with everything in them, so that each can be copied anywhere on the machine. */
import { stringify } from 'yaml'

export interface KubeconfigEntry {
  /** Name of the cluster and of the context. */
  name: string
  server: string
  caPem: string
  /** Name of the user entry. */
  user: string
  certPem?: string
  keyPem?: string
  token?: string
}

/** Renders a kubeconfig of one cluster and one user, with that context current. */
export const renderKubeconfig = ({ name, server, caPem, user, certPem, keyPem, token }: KubeconfigEntry): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [
      {
        name: user,
        user: {
          ...(certPem ? { 'client-certificate-data': base64(certPem) } : {}),
          ...(keyPem ? { 'client-key-data': base64(keyPem) } : {}),
          ...(token ? { token } : {}),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  })

const base64 = (text: string): string => Buffer.from(text).toString('base64')
