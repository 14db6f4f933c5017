import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from './sha256.ts'

/** A role as STS knows it, for one session. */
export interface Signer {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Parameters that may be there, each once. */
const PARAMETERS = [
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]

/**
 * What the authenticator of an EKS cluster does with a token, offline: its checks as in aws-iam-authenticator's
 * pkg/token, and what STS does with the URL in it, by the SDK's own signer and the secrets of those who may sign.
 * @param now epoch ms
 * @returns the access key that has signed
 * @throws Error saying what the authenticator, or STS, does not like
 */
export async function verifyEksToken(
  token: string,
  { cluster, signers, now }: { cluster: string; signers: readonly Signer[]; now: number },
): Promise<string> {
  const need = (holds: boolean, why: string) => {
    if (!holds) throw new Error(why)
  }
  need(token.length <= 4096, 'token is too large')
  need(token.startsWith('k8s-aws-v1.'), 'token is missing its prefix')
  const encoded = token.slice('k8s-aws-v1.'.length)
  need(/^[\w-]+$/.test(encoded), 'token is no base64url without padding')
  const url = new URL(Buffer.from(encoded, 'base64url').toString())
  need(url.protocol === 'https:', `unexpected scheme ${url.protocol}`)
  const [, region = ''] = /^sts\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(url.host) ?? []
  need(region !== '', `unexpected hostname ${url.host}`)
  need(url.pathname === '/', 'unexpected path')
  const given = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    const lower = name.toLowerCase()
    need(PARAMETERS.includes(lower), `non-whitelisted query parameter ${name}`)
    need(!given.has(lower), `query parameter ${name} with multiple values`)
    given.set(lower, value)
  }
  need(given.get('action') === 'GetCallerIdentity', 'unexpected action')
  need(given.get('x-amz-signedheaders')?.split(';').includes('x-k8s-aws-id') === true, 'x-k8s-aws-id is not signed')
  const expires = Number(given.get('x-amz-expires'))
  need(Number.isInteger(expires) && expires >= 0 && expires <= 900, 'invalid X-Amz-Expires')
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(given.get('x-amz-date') ?? '') ?? []
  const signedAt = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
  need(now <= signedAt + 15 * 60_000, 'X-Amz-Date parameter is expired')
  need(now >= signedAt - 5 * 60_000, 'SignatureDoesNotMatch: signature not yet current')

  const [accessKeyId = ''] = (given.get('x-amz-credential') ?? '').split('/')
  const signer = signers.find((each) => each.accessKeyId === accessKeyId)
  if (!signer) throw new Error('InvalidClientTokenId')
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: url.host,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: given.get('version') ?? '' },
    headers: { host: url.host, 'x-k8s-aws-id': cluster },
  }
  const sts = new SignatureV4({ credentials: signer, region, service: 'sts', sha256: Sha256, applyChecksum: false })
  const wanted = await sts.presign(request, { expiresIn: expires, signingDate: new Date(signedAt) })
  need(
    wanted.query?.['X-Amz-Security-Token'] === (given.get('x-amz-security-token') ?? undefined),
    'InvalidClientTokenId',
  )
  need(wanted.query?.['X-Amz-Signature'] === given.get('x-amz-signature'), 'SignatureDoesNotMatch')
  return accessKeyId
}
