/** A control plane as the agents and the tests use it: objects of SYSTEM_NAMESPACE, ServiceAccounts, a way out of namespaces. */
import { createServer, connect as dial } from 'node:net'
import { join } from 'node:path'
import type { Cluster as ControlPlane } from '../../infra/controlplane/cluster.ts'
import { call as request } from '../../infra/controlplane/request.ts'
import type { KubeObject } from '../../lib/cluster/port.ts'
import { SYSTEM_NAMESPACE } from '../../lib/cluster/resources.ts'
import type { Space } from './space.ts'
import { relay } from './traffic.ts'

/** Files of a ServiceAccount, as a Pod finds them. */
export type Account = Readonly<Record<'token' | 'ca.crt' | 'namespace', string>>

export interface Api {
  /** An object, or a list; `path` is below the namespace. */
  get<T = KubeObject>(path: string, group?: string): Promise<T | undefined>
  /** Server-side apply. */
  apply(path: string, object: object, group?: string): Promise<void>
  delete(path: string, group?: string): Promise<void>
  account(name: string): Promise<Account>
  /** HTTP status of a GET with the rights of a ServiceAccount. */
  statusFor(account: string, path: string): Promise<number>
  /** Port of a namespace's loopback where it finds the API server. */
  reach(space: Space): Promise<number>
  close(): void
}

/** Path of Liqo's group. */
export const LIQO = '/apis/net.liqo.io/v1alpha1'

const PORT = 6443

export async function connectApi(controlPlane: ControlPlane): Promise<Api> {
  const socket = join(controlPlane.dir, 'api.sock')
  const front = createServer((near) => {
    const far = dial(Number(new URL(controlPlane.server).port), '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve, reject) => front.once('error', reject).listen(socket, resolve))
  const reached = new Map<Space, Promise<unknown>>()

  const pathOf = (path: string, group = '/api/v1') => `${group}/namespaces/${SYSTEM_NAMESPACE}/${path}`
  const call = async (method: string, path: string, body?: unknown) => {
    const contentType = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json'
    const answer = await controlPlane.call(path, { method, body, contentType })
    const isFine = answer.status < 300 || (answer.status === 404 && method !== 'PATCH')
    if (!isFine) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }
  const account = async (name: string): Promise<Account> => {
    const tokenRequest = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }
    const { body } = await call('POST', pathOf(`serviceaccounts/${name}/token`), tokenRequest)
    return { token: body.status.token, 'ca.crt': controlPlane.caPem, namespace: SYSTEM_NAMESPACE }
  }
  return {
    async get(path, group) {
      const answer = await call('GET', pathOf(path, group))
      return answer.status === 404 ? undefined : answer.body
    },
    async apply(path, object, group) {
      await call('PATCH', `${pathOf(path, group)}?fieldManager=test&force=true`, object)
    },
    async delete(path, group) {
      await call('DELETE', pathOf(path, group))
    },
    account,
    async statusFor(name, path) {
      const { token } = await account(name)
      const { server, caPem } = controlPlane
      return (await request({ server, caPem, token }, pathOf(path))).status
    },
    async reach(space) {
      if (!reached.has(space)) reached.set(space, relay(space, PORT, socket))
      await reached.get(space)
      return PORT
    },
    close: () => void front.close(),
  }
}
