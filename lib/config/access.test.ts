import { expect, test } from 'vitest'
import { problemsOf } from '../../test/support/config.ts'
import { type Access, parseConfig } from '../config.ts'

const CLUSTERS = { CLUSTERS: 'rome,milan', PEERINGS: 'rome:milan', CLUSTER_ROME_KUBECONFIG: '/kube/rome' }
const SERVER = 'https://ABC.gr7.eu-west-1.eks.amazonaws.com'
const EKS = { SERVER, CA: 'base64', EKS_NAME: 'prod', EKS_REGION: 'eu-west-1' }

type Env = Record<string, string | undefined>

/** With the variables of milan. */
const envOf = (milan: Env): Env => ({
  ...CLUSTERS,
  ...Object.fromEntries(Object.entries(milan).map(([name, value]) => [`CLUSTER_MILAN_${name}`, value])),
})

const eks = { name: 'prod', region: 'eu-west-1' }
const rows: { name: string; milan: Env; want: Access }[] = [
  { name: 'an EKS cluster by its name and region', milan: EKS, want: { server: SERVER, ca: 'base64', eks } },
  {
    name: 'an EKS cluster by the token of a service account; the name still tells its log group',
    milan: { SERVER, TOKEN: 't', EKS_NAME: 'prod' },
    want: { server: SERVER, token: 't' },
  },
  {
    name: 'a token that is kept elsewhere',
    milan: { SERVER, TOKEN: 'secretsmanager:heliograph/milan#token' },
    want: {
      server: SERVER,
      token: { variable: 'CLUSTER_MILAN_TOKEN', service: 'secretsmanager', id: 'heliograph/milan', key: 'token' },
    },
  },
  {
    name: 'a kubeconfig that is kept elsewhere',
    milan: { KUBECONFIG: 'ssm:/heliograph/milan:3', CONTEXT: 'admin' },
    want: {
      kubeconfig: { variable: 'CLUSTER_MILAN_KUBECONFIG', service: 'ssm', id: '/heliograph/milan:3' },
      context: 'admin',
    },
  },
]

test.each(rows)('$name', ({ milan, want }) => {
  expect(parseConfig(envOf(milan)).clusters[1]?.access).toEqual(want)
})

test.each<{ name: string; milan: Env; want: RegExp[] }>([
  {
    name: 'a server and nothing to convince it',
    milan: { SERVER },
    want: [
      /^CLUSTER_MILAN_TOKEN: missing; .* or for an EKS cluster CLUSTER_MILAN_EKS_NAME and CLUSTER_MILAN_EKS_REGION/,
    ],
  },
  {
    name: 'a token and a region',
    milan: { ...EKS, TOKEN: 't' },
    want: [/^CLUSTER_MILAN_TOKEN: together with CLUSTER_MILAN_EKS_REGION, by which tokens are made; remove one/],
  },
  { name: 'a region and no name', milan: { ...EKS, EKS_NAME: '' }, want: [/^CLUSTER_MILAN_EKS_NAME: missing/] },
  {
    name: 'a name and a region that are none',
    milan: { ...EKS, EKS_NAME: 'prod/1', EKS_REGION: 'europe' },
    want: [
      /^CLUSTER_MILAN_EKS_NAME: "prod\/1" is no name of an EKS cluster/,
      /^CLUSTER_MILAN_EKS_REGION: "europe" is no region; use e.g. eu-west-1/,
    ],
  },
  {
    name: 'a region and no server',
    milan: { KUBECONFIG: '/kube/milan', EKS_REGION: 'eu-west-1' },
    want: [/^CLUSTER_MILAN_EKS_REGION: tokens of EKS go with CLUSTER_MILAN_SERVER and CLUSTER_MILAN_CA/],
  },
  {
    name: 'a reference to nothing',
    milan: { SERVER, TOKEN: 'secretsmanager:' },
    want: [/^CLUSTER_MILAN_TOKEN: no valid reference; use e.g. secretsmanager:heliograph\/rome#token or ssm:/],
  },
  {
    name: 'a reference to what another service keeps',
    milan: { SERVER, TOKEN: 'secretsmanager:arn:aws:ssm:eu-west-1:123456789012:parameter/milan' },
    want: [/^CLUSTER_MILAN_TOKEN: no valid reference/],
  },
  {
    name: 'a server without TLS',
    milan: { SERVER: 'http://10.0.0.1:8080', TOKEN: 't' },
    want: [/^CLUSTER_MILAN_SERVER: "http:\/\/10.0.0.1:8080" is no https URL; use e.g. https:/],
  },
  {
    name: 'a reference with spaces, whose text is not repeated',
    milan: { KUBECONFIG: 'ssm:my secret' },
    want: [/^CLUSTER_MILAN_KUBECONFIG: no valid reference; [^:]*:[^:]*:[^:]*$/],
  },
])('says what is wrong: $name', ({ milan, want }) => {
  expect(problemsOf(envOf(milan))).toEqual(want.map((one) => expect.stringMatching(one)))
})

test('a variable of a cluster that CLUSTERS does not name', () => {
  const env = { ...envOf(EKS), CLUSTER_TURIN_KUBECONFIG: '/kube/turin' }
  expect(() => parseConfig(env)).toThrow('CLUSTER_TURIN_KUBECONFIG: of no cluster that CLUSTERS names (rome,milan)')
  expect(() => parseConfig({ ...env, CLUSTERS: '' })).not.toThrow(/of no cluster/)
})

test('what AWS and its SDKs name is taken over', () => {
  const env = {
    ...envOf(EKS),
    AWS_DEFAULT_REGION: 'eu-west-2',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_SESSION_TOKEN: 'c',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:2',
    SECRETS_TTL_SECONDS: '7',
  }
  expect(parseConfig(env).secrets).toEqual({
    aws: {
      region: 'eu-west-2',
      accessKeyId: 'a',
      secretAccessKey: 'b',
      sessionToken: 'c',
      endpoints: { secretsmanager: 'http://127.0.0.1:1', ssm: 'http://127.0.0.1:2' },
    },
    ttlMs: 7000,
  })
  expect(() => parseConfig({ ...env, AWS_ENDPOINT_URL: 'moto' })).toThrow('AWS_ENDPOINT_URL: "moto" is no URL')
})
