import type { Secrets } from '../../aws/secrets.ts'
import { authenticator, type ClusterTokens, credentialOf } from '../../event/authenticate.ts'
import { parseJson } from '../../handler/bytes.ts'
import { bodyOf, type HttpRequest, requirePost } from '../../handler/http.ts'
import { type Handler, httpHandler } from '../../handler.ts'
import type { Log } from '../../log.ts'
import { toReview } from './answer.ts'
import { type AdmissionSettings, admit } from './flow.ts'
import { toAdmissionRequest } from './review.ts'

/** Of one review, decoded: it may hold an object and what that was before, each of at most 1.5 MB. */
const MAX_BYTES = 5 * 1024 * 1024

export interface AdmissionDeps {
  log: Log
  clusters: readonly ClusterTokens[]
  secrets: Secrets
  settings: AdmissionSettings
}

/**
 * The function behind the admission webhooks of all clusters, at one URL. Which cluster calls is known by its token, in
 * the header or at the end of the path, and what it asks about by the review itself.
 */
export function admission({ log, clusters, secrets, settings }: AdmissionDeps): Handler<unknown> {
  const authenticate = authenticator(clusters, secrets)

  async function answer(request: HttpRequest): Promise<unknown> {
    requirePost(request)
    const start = performance.now()
    const cluster = await authenticate(credentialOf(request.headers, request.path))
    const asked = toAdmissionRequest(parseJson(await bodyOf(request, MAX_BYTES)))
    const decision = await admit(cluster, asked, settings)
    const ms = Math.round((performance.now() - start) * 10) / 10
    const { resource, namespace, operation } = asked
    const { allowed, message, fields = {} } = decision
    const line = { cluster, resource, namespace, operation, allowed, why: message, changed: Object.keys(fields), ms }
    log[allowed ? 'debug' : 'info']('review', line)
    return toReview(asked.uid, decision)
  }

  return httpHandler(log, answer)
}
