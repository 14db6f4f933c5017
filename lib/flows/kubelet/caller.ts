import { X509Certificate } from 'node:crypto'
import { HttpError } from '../../handler/errors.ts'

/** A home cluster, and who signs the certificate that its API server shows to kubelets. */
export interface Home {
  id: string
  /** PEM, several certificates while one is replaced. */
  ca: string
}

/** Who calls: a user of that cluster, as the cluster itself would see the certificate. */
export interface Caller {
  home: string
  user: string
  groups: string[]
}

/** 401: no certificate, or one that is not good. Deliberately not said which. */
export class UnknownCallerError extends HttpError {
  readonly status = 401

  constructor() {
    super('a client certificate of a home cluster is required: kube-apiserver --kubelet-client-certificate')
  }
}

/** Stops the start: a certificate authority that is none, or that two clusters share, so that they could not be told apart. */
export class KubeletClientCaError extends Error {
  readonly retry = false

  constructor(id: string, why: string) {
    super(`cluster ${id}: its kubelet client CA ${why}; set CLUSTER_<ID>_KUBELET_CLIENT_CA to the PEM of its own`)
    this.name = new.target.name
  }
}

/** @param pem certificate of the caller @param now epoch ms @throws UnknownCallerError */
export type Identify = (pem: string | undefined, now: number) => Caller

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

/**
 * The one place that decides who calls. What stands in front (an API Gateway domain with mutual TLS, or the local front)
 * has proven that the caller holds the key of its certificate, and hands the certificate on. Which cluster that makes it is
 * found here, by signature and not by name: authorities of different clusters bear the same name (`kubernetes`).
 *
 * | certificate | caller |
 * |---|---|
 * | signed by the authority of rome, valid now, for clients | a user of rome: common name, organizations as groups |
 * | anything else, or none (a Function URL asks for none) | refused |
 *
 * @throws KubeletClientCaError
 */
export function callers(homes: readonly Home[]): Identify {
  const known = homes.flatMap(({ id, ca }) => authoritiesOf(id, ca).map((authority) => ({ id, authority })))
  for (const { id, authority } of known) {
    const shared = known.some((other) => other.id !== id && other.authority.fingerprint256 === authority.fingerprint256)
    if (shared) throw new KubeletClientCaError(id, 'is that of another cluster too')
  }
  return (pem, now) => {
    const certificate = parsed(pem ?? '')
    const issuer = certificate && known.find(({ authority }) => isIssuedBy(certificate, authority))
    if (!issuer || !isValid(certificate, now) || !isValid(issuer.authority, now)) throw new UnknownCallerError()
    // Absent: for any use.
    if (certificate.keyUsage && !certificate.keyUsage.includes(CLIENT_AUTH)) throw new UnknownCallerError()
    const { CN, O = [] } = certificate.toLegacyObject().subject as { CN?: string | string[]; O?: string | string[] }
    const [user = ''] = [CN ?? []].flat()
    if (user === '') throw new UnknownCallerError()
    return { home: issuer.id, user, groups: [O].flat() }
  }
}

function authoritiesOf(id: string, ca: string): X509Certificate[] {
  const texts = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  const found = texts.map(parsed)
  if (found.length === 0 || !found.every((authority) => authority?.ca)) throw new KubeletClientCaError(id, 'is none')
  return found as X509Certificate[]
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime()
}
