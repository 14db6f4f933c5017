/** What runs beside a ready API server: controller-manager, scheduler, kwok; each started as its own user. */
import type { Program } from './assets.ts'
import type { Component } from './component.ts'
import { controllerManagerFlags, schedulerFlags } from './flags.ts'
import { type Ground, start, startOnFreePort } from './ground.ts'
import { type Identities, users } from './identities.ts'
import type { Keys } from './keys.ts'
import { startKwok } from './kwok.ts'
import { type ClusterOptions, withDefaults } from './options.ts'
import { type Access, call } from './request.ts'

export interface Setting {
  ground: Ground
  keys: Keys
  identities: Identities
  admin: Access
  options: ClusterOptions
}

/** The programs that the options ask for, besides etcd and kube-apiserver. */
export const wantedPrograms = (options: ClusterOptions): Program[] => {
  const { components, nodes } = withDefaults(options)
  return [...components.map((name) => `kube-${name}` as const), ...(nodes > 0 ? (['kwok'] as const) : [])]
}

/**
 * Starts `programs` side by side, putting each into `started` once it is ready.
 * @throws ComponentError of the first that failed, when all have ended their start.
 */
export const startOthers = async (programs: readonly Program[], setting: Setting, started: Component[]) => {
  const starts = programs.map(async (program) => started.push(await starters[program]!(setting)))
  for (const result of await Promise.allSettled(starts)) if (result.status === 'rejected') throw result.reason
}

const starters: Partial<Record<Program, (setting: Setting) => Promise<Component>>> = {
  /** Ready when it is healthy and the default ServiceAccount exists, without which no pod can be created. */
  'kube-controller-manager': async ({ ground, keys, identities, admin, options }) => {
    const { podCIDR, extraControllerManagerArgs } = withDefaults(options)
    const kubeconfig = await identities.kubeconfig(users.controllerManager)
    return startOnFreePort((port) => {
      const own = { server: `https://127.0.0.1:${port}`, caPem: keys.ca.certPem }
      return start(ground, {
        program: 'kube-controller-manager',
        args: [...controllerManagerFlags({ kubeconfig, port, keys, podCIDR }), ...extraControllerManagerArgs],
        what: 'the default ServiceAccount',
        check: async () =>
          (await call(own, '/healthz')).status === 200 &&
          (await call(admin, '/api/v1/namespaces/default/serviceaccounts/default')).status === 200,
      })
    })
  },
  /** Ready when its own /readyz says so: its caches are filled. */
  'kube-scheduler': async ({ ground, keys, identities, options }) => {
    const kubeconfig = await identities.kubeconfig(users.scheduler)
    return startOnFreePort((port) => {
      const own = { server: `https://127.0.0.1:${port}`, caPem: keys.ca.certPem }
      return start(ground, {
        program: 'kube-scheduler',
        args: [...schedulerFlags({ kubeconfig, port, keys }), ...(options.extraSchedulerArgs ?? [])],
        what: '/readyz',
        check: async () => (await call(own, '/readyz')).status === 200,
      })
    })
  },
  kwok: async ({ ground, keys, identities, admin, options }) => {
    const { name, nodes, podCIDR } = withDefaults(options)
    const kubeconfig = await identities.kubeconfig(users.kwok)
    const names = Array.from({ length: nodes }, (_, index) => `${name}-node-${index + 1}`)
    return startKwok(ground, { keys, kubeconfig, podCIDR, nodes: names, admin })
  },
}
