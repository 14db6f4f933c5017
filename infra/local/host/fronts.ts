import { type FrontOptions, type HttpFront, startFront, type Tls } from '../http/front.ts'
import type { Service } from '../service/read.ts'

export interface FrontsOptions {
  service: Service
  tls: Tls
  host: string
  /** By function; any free one where none is given. */
  ports: Readonly<Record<string, number>>
  /** By function: authorities of its callers' certificates. */
  clientCas: Readonly<Record<string, readonly string[]>>
  invoke: FrontOptions['invoke']
}

export interface Fronts {
  /** By function. */
  urls: Record<string, string>
  close(): Promise<void>
}

/** One front for each Function URL, as each has its own host name on AWS, and one for all routes of the HTTP API. */
export async function startFronts({ service, tls, host, ports, clientCas, invoke }: FrontsOptions): Promise<Fronts> {
  const common = { place: service, tls, host, invoke }
  const urls: Record<string, string> = {}
  const fronts: HttpFront[] = []
  if (service.routes.length > 0) {
    const front = await startFront({ ...common, kind: 'httpApi', routes: service.routes })
    fronts.push(front)
    for (const { target } of service.routes) urls[target] = front.url
  }
  for (const { name, streams } of service.functions.filter(({ url }) => url)) {
    const routes = [{ key: '$default', target: name }]
    const front = await startFront({
      ...common,
      kind: 'url',
      routes,
      port: ports[name],
      streams,
      clientCas: clientCas[name],
    })
    fronts.push(front)
    urls[name] = front.url
  }
  return {
    urls,
    async close() {
      await Promise.all(fronts.map((front) => front.close()))
    },
  }
}
