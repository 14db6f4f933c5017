/** Fake nodes, whose kubelets kwok plays: pods bound to them run at once, on addresses of the pod CIDR. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Component } from './component.ts'
import { type Ground, start, startOnFreePort } from './ground.ts'
import type { Keys } from './keys.ts'
import { type Access, call } from './request.ts'

export interface KwokOptions {
  keys: Keys
  kubeconfig: string
  podCIDR: string
  /** Names of the nodes to create. */
  nodes: readonly string[]
  admin: Access
}

/** Only nodes that bear it are played: virtual nodes of others are left alone. */
const mark = 'kwok.x-k8s.io/node'

/**
 * Lets the API server reach the kubelets on loopback (they bear 127.0.0.1 as external address), while pods on the host
 * network still show the node's internal address.
 */
export const kubeletFlags = ['--kubelet-preferred-address-types=ExternalIP,InternalIP']

/** Creates the nodes and starts kwok; returns when they are all Ready. @throws ComponentError */
export const startKwok = async (ground: Ground, options: KwokOptions): Promise<Component> => {
  const { keys, kubeconfig, podCIDR, nodes, admin } = options
  const config = await writeConfig(ground.dir)
  await Promise.all(nodes.map((name, index) => createNode(admin, name, index)))
  return startOnFreePort((port) =>
    start(ground, {
      program: 'kwok',
      args: [
        `--config=${config}`,
        `--kubeconfig=${kubeconfig}`,
        `--cidr=${podCIDR}`,
        `--manage-nodes-with-annotation-selector=${mark}=fake`,
        '--node-lease-duration-seconds=40',
        `--node-port=${port}`,
        `--server-address=127.0.0.1:${port}`,
        `--tls-cert-file=${keys.files.servingCert}`,
        `--tls-private-key-file=${keys.files.servingKey}`,
      ],
      what: `${nodes.length} nodes Ready`,
      check: async () => {
        const ready = await Promise.all(nodes.map((name) => isReady(admin, name)))
        return ready.every(Boolean)
      },
    }),
  )
}

/** Every container of every pod has the one log, in the format of the container runtimes. */
const writeConfig = async (dir: string): Promise<string> => {
  const [config, log] = [join(dir, 'kwok.yaml'), join(dir, 'kwok-container.log')]
  await writeFile(log, `${new Date().toISOString()} stdout F kwok plays this container\n`)
  const logs = {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'ClusterLogs',
    metadata: { name: 'all' },
    spec: { logs: [{ logsFile: log }] },
  }
  const stages = await readFile(join(import.meta.dirname, 'kwok', 'stages.yaml'), 'utf8')
  await writeFile(config, `${stages}---\n${stringify(logs)}`)
  return config
}

const createNode = async (admin: Access, name: string, index: number): Promise<void> => {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { [mark]: 'fake' },
      labels: {
        type: 'kwok',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
    status: {
      addresses: [
        { type: 'InternalIP', address: `172.18.0.${index + 1}` },
        { type: 'ExternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: name },
      ],
    },
  }
  const { status, body } = await call(admin, '/api/v1/nodes', { method: 'POST', body: node })
  if (status !== 201 && status !== 409) throw new Error(`creating node ${name}: ${status} ${body?.message}`)
}

const isReady = async (admin: Access, name: string): Promise<boolean> => {
  const { body } = await call(admin, `/api/v1/nodes/${name}`)
  const conditions: { type: string; status: string }[] = body.status?.conditions ?? []
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}
