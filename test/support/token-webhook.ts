import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { renderKubeconfig } from '../../infra/controlplane/kubeconfig.ts'
import { createAuthority, mintServing } from '../../infra/controlplane/pki.ts'

/** A user as a TokenReview names it. */
export interface ReviewedUser {
  username: string
  groups: readonly string[]
}

export interface TokenWebhook {
  /** Flags of the kube-apiserver that asks it. */
  flags: string[]
  stop(): Promise<void>
}

/**
 * What authenticates bearer tokens for a kube-apiserver: on EKS its IAM authenticator.
 * @param dir receives the file that the flags name
 * @param verify throws for a token that is nobody's
 */
export async function startTokenWebhook(
  dir: string,
  verify: (token: string) => Promise<ReviewedUser>,
): Promise<TokenWebhook> {
  const authority = await createAuthority('authenticator')
  const { certPem: cert, keyPem: key } = await mintServing(authority, { hosts: ['127.0.0.1'] })
  const server = createServer({ cert, key }, async (request, response) => {
    const review = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { spec: { token: string } }
    const status = await verify(review.spec.token).then(
      (user) => ({ authenticated: true, user }),
      (error: Error) => ({ authenticated: false, error: error.message }),
    )
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const file = join(dir, 'token-webhook.kubeconfig')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const entry = { name: 'authenticator', server: url, caPem: authority.certPem, user: 'apiserver' }
  await writeFile(file, renderKubeconfig(entry))
  return {
    flags: [
      `--authentication-token-webhook-config-file=${file}`,
      '--authentication-token-webhook-version=v1',
      // Each token is asked about each time.
      '--authentication-token-webhook-cache-ttl=0s',
    ],
    async stop() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
