/**
 * A Kubernetes control plane on loopback: etcd and kube-apiserver, and as wanted controller-manager, scheduler, and
 * kwok as the kubelets of fake nodes. No process outlives the one that started it.
 */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ApiServer, startApiServer } from './apiserver.ts'
import { findAssets, type Program } from './assets.ts'
import type { Component } from './component.ts'
import { startEtcd } from './etcd.ts'
import { type Ground, stopAll } from './ground.ts'
import { startGuard } from './guard.ts'
import { createIdentities, users } from './identities.ts'
import { prepareKeys } from './keys.ts'
import { type ClusterOptions, extraFlags, firstAddress, withDefaults } from './options.ts'
import { startOthers, wantedPrograms } from './others.ts'
import type { Identity } from './pki.ts'
import { type Access, type Answer, type CallOptions, call } from './request.ts'

export interface Cluster {
  name: string
  dir: string
  /** `https://127.0.0.1:port` */
  server: string
  caPem: string
  /** Path of the kubeconfig of a member of system:masters. */
  kubeconfig: string
  /** The same as a credential, for calls without a client library. */
  admin: Access
  /** Wanted programs that KUBEBUILDER_ASSETS lacks, and that therefore do not run. */
  missing: Program[]
  /** Pids of what runs now, by name; `guard` is what kills the others should this process vanish. */
  pids(): Record<string, number>
  /** One request as admin. */
  call(path: string, options?: CallOptions): Promise<Answer>
  /** Mints a client certificate. @returns the path of a kubeconfig with it. */
  kubeconfigFor(identity: Identity): Promise<string>
  /** The same as a credential. */
  accessFor(identity: Identity): Promise<Access>
  /** Freezes the API server (SIGSTOP): connections stay open and are accepted, nothing answers. */
  pauseApiServer(): void
  resumeApiServer(): void
  /** Ends the API server: connections are refused until `startApiServer` (same port, same objects). */
  stopApiServer(): Promise<void>
  startApiServer(): Promise<void>
  restartApiServer(): Promise<void>
  /** Stops everything, last started first; the folder stays. Safe to call again. */
  stop(): Promise<void>
}

/**
 * Starts a cluster and returns when it is ready: /readyz, the default ServiceAccount, the nodes.
 * @throws ComponentError with the end of the log of what did not start; whatever had started is stopped.
 */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  const { name, serviceCIDR, timeoutMs } = withDefaults(options)
  const assets = await findAssets()
  const dir = resolve(options.dir)
  await mkdir(dir, { recursive: true })
  const keys = await prepareKeys(dir, ['127.0.0.1', 'localhost', 'kubernetes.default.svc', firstAddress(serviceCIDR)])
  const ground: Ground = { dir, programs: assets.folder, guard: await startGuard(), timeoutMs }
  let apiServer: ApiServer | undefined
  const etcd: Component[] = []
  const others: Component[] = []
  const stop = async () => {
    await stopAll(others.toReversed())
    await apiServer?.stop()
    await stopAll(etcd)
    await ground.guard.close()
  }
  try {
    etcd.push(await startEtcd(ground))
    apiServer = await startApiServer(ground, { keys, serviceCIDR, extraFlags: await extraFlags(dir, options) })
    const handle = apiServer
    const { server } = handle
    const identities = createIdentities({ name, dir, server, keys })
    const admin = await identities.access(users.admin)
    const kubeconfig = await identities.kubeconfig(users.admin, join(dir, 'kubeconfig'))
    const wanted = wantedPrograms(options)
    const programs = wanted.filter((program) => !assets.missing.includes(program))
    await startOthers(programs, { ground, keys, identities, admin, options }, others)
    return {
      name,
      dir,
      server,
      caPem: keys.ca.certPem,
      kubeconfig,
      admin,
      missing: wanted.filter((program) => assets.missing.includes(program)),
      pids: () => {
        const running = [...etcd, handle.component(), ...others].filter((component) => component.running())
        const guard = ground.guard.pid()
        return { ...Object.fromEntries(running.map(({ name, pid }) => [name, pid])), ...(guard ? { guard } : {}) }
      },
      call: (path, callOptions) => call(admin, path, callOptions),
      kubeconfigFor: (who) => identities.kubeconfig(who),
      accessFor: identities.access,
      pauseApiServer: () => handle.component().signal('SIGSTOP'),
      resumeApiServer: () => handle.component().signal('SIGCONT'),
      stopApiServer: handle.stop,
      startApiServer: handle.start,
      restartApiServer: async () => {
        await handle.stop()
        await handle.start()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
