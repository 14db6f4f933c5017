import type { PodSettings } from '../kinds/pod/settings.ts'
import { readEndpoint } from './endpoint.ts'
import type { Reader } from './reader.ts'

export const SERVICE_ACCOUNT_GLOBAL = ['REFLECT_SERVICEACCOUNT']
export const SERVICE_ACCOUNT_PER_CLUSTER = ['API_SERVER']

/** Whether offloaded pods get tokens of their ServiceAccounts at home. Off unless told: who holds them acts for the pod. */
export function readServiceAccounts(reader: Reader): boolean {
  return reader.oneOf('REFLECT_SERVICEACCOUNT', ['On', 'Off'], 'Off') === 'On'
}

/** Where pods that run elsewhere reach the API server of this cluster: `host[:port]`, port 443 unless told. */
export function readApiServer(reader: Reader, prefix: string): PodSettings['homeApiServer'] {
  const endpoint = readEndpoint(reader, `${prefix}API_SERVER`, 443, 'api.rome.example:6443')
  return endpoint && { host: endpoint.host, port: String(endpoint.port) }
}
