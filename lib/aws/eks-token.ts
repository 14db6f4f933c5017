import type { ExpiringToken } from '../cluster/credentials.ts'
import { hostOf } from './host.ts'
import type { AwsKeys } from './settings.ts'
import { ALGORITHM, credentialScope, signatureOf, signedHeaders, toAmzDate, toQuery } from './signature.ts'

/** An EKS cluster, for whose API server tokens are made. */
export interface EksCluster {
  /** Its name in EKS, which is signed: a token is good for no other cluster. */
  name: string
  region: string
}

/** STS takes a signature for so long, whatever X-Amz-Expires says; ms. */
const VALID_MS = 15 * 60_000

/**
 * A token that the API server of an EKS cluster accepts: `k8s-aws-v1.` and, in base64url, a presigned URL of STS
 * GetCallerIdentity. The authenticator of the cluster calls it to learn which role has signed, so that making a token
 * takes no call and no right; the role needs an access entry of the cluster.
 * @param now epoch ms
 * @see https://github.com/kubernetes-sigs/aws-iam-authenticator, pkg/token: no other parameter is accepted
 */
export function eksToken({ name, region }: EksCluster, keys: AwsKeys, now: number): ExpiringToken {
  const host = hostOf('sts', region)
  const scope = { date: toAmzDate(now), region, service: 'sts' }
  const headers = { host, 'x-k8s-aws-id': name }
  const query = {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${keys.accessKeyId}/${credentialScope(scope)}`,
    'X-Amz-Date': scope.date,
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': signedHeaders({ headers }),
    ...(keys.sessionToken !== undefined && { 'X-Amz-Security-Token': keys.sessionToken }),
  }
  const signature = signatureOf({ method: 'GET', path: '/', query, headers, body: '' }, scope, keys.secretAccessKey)
  const url = `https://${host}/?${toQuery(query)}&X-Amz-Signature=${signature}`
  return { token: `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`, expiresAt: now + VALID_MS }
}
