/** The API server of a cluster: it can be stopped, paused and started again, always on the port it began with. */
import type { Component } from './component.ts'
import { apiServerFlags } from './flags.ts'
import { type Ground, start, startOnFreePort, stopAll } from './ground.ts'
import type { Keys } from './keys.ts'
import { call } from './request.ts'

export interface ApiServerOptions {
  keys: Keys
  serviceCIDR: string
  /** Flags of audit and admission, and the caller's own; a later flag wins. */
  extraFlags: readonly string[]
}

export interface ApiServer {
  /** `https://127.0.0.1:port` */
  server: string
  component(): Component
  stop(): Promise<void>
  /** Starts it again after `stop`, on the same port; returns when it is ready. */
  start(): Promise<void>
}

/** Starts an API server (etcd runs by then) and waits for its /readyz. @throws ComponentError */
export const startApiServer = (ground: Ground, options: ApiServerOptions): Promise<ApiServer> =>
  startOnFreePort(async (port) => {
    const server = `https://127.0.0.1:${port}`
    const caPem = options.keys.ca.certPem
    const args = [...apiServerFlags({ port, ...options }), ...options.extraFlags]
    const begin = () =>
      start(ground, {
        program: 'kube-apiserver',
        args,
        what: '/readyz',
        check: async () => (await call({ server, caPem }, '/readyz')).status === 200,
      })
    let component = await begin()
    return {
      server,
      component: () => component,
      stop: () => stopAll([component]),
      start: async () => {
        if (!component.running()) component = await begin()
      },
    }
  })
