/** The etcd of a cluster, on a socket in the cluster's folder. */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Component } from './component.ts'
import { etcdFlags, etcdSocket } from './flags.ts'
import { type Ground, start } from './ground.ts'

/** Ready when its socket accepts: the API server retries until etcd answers. @throws ComponentError */
export const startEtcd = async (ground: Ground): Promise<Component> => {
  const socket = join(ground.dir, etcdSocket)
  await rm(socket, { force: true })
  return start(ground, {
    program: 'etcd',
    args: etcdFlags(),
    what: 'its socket',
    check: async () => (await stat(socket)).isSocket(),
  })
}
