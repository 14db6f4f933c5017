import { expect, test } from 'vitest'
import { environmentFor, mayRead, referencesIn } from './environment.ts'

const environment = {
  CLUSTERS: 'rome,rome-east',
  LOG_LEVEL: 'debug',
  HTTPS_PROXY: 'ssm:/proxy',
  CLUSTER_ROME_TOKEN: 'ssm:/rome/token:3',
  CLUSTER_ROME_LABELS: 'a=b',
  CLUSTER_ROME_EAST_KUBECONFIG: 'secretsmanager:east#kubeconfig',
  CLUSTER_ROME_EAST_WEBHOOK_TOKEN: 'secretsmanager:east#token,secretsmanager:east#next',
  CLUSTER_ROME_EAST_KUBELET_CLIENT_CA: 'ssm:ca',
}

test.each([
  { purposes: [], want: ['CLUSTERS', 'LOG_LEVEL', 'CLUSTER_ROME_LABELS'] },
  {
    purposes: ['access'] as const,
    want: [
      'CLUSTERS',
      'LOG_LEVEL',
      'HTTPS_PROXY',
      'CLUSTER_ROME_TOKEN',
      'CLUSTER_ROME_LABELS',
      'CLUSTER_ROME_EAST_KUBECONFIG',
    ],
  },
  {
    purposes: ['callers'] as const,
    want: ['CLUSTERS', 'LOG_LEVEL', 'CLUSTER_ROME_LABELS', 'CLUSTER_ROME_EAST_WEBHOOK_TOKEN'],
  },
  {
    purposes: ['kubelet'] as const,
    want: ['CLUSTERS', 'LOG_LEVEL', 'CLUSTER_ROME_LABELS', 'CLUSTER_ROME_EAST_KUBELET_CLIENT_CA'],
  },
])('a function gets what is no secret, and of the secrets those for $purposes', ({ purposes, want }) => {
  expect(Object.keys(environmentFor(purposes, environment, 'pod'))).toEqual(want)
})

test('each secret that is referred to may be read, once, and no other', () => {
  expect(mayRead(referencesIn(environment))).toEqual([
    {
      Effect: 'Allow',
      Action: ['ssm:GetParameter'],
      Resource: ['proxy', 'rome/token', 'ca'].map((name) => ({
        'Fn::Sub': `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/${name}`,
      })),
    },
    {
      Effect: 'Allow',
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [
        { 'Fn::Sub': `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:east-??????` },
      ],
    },
  ])
})

test.each([
  {
    id: 'secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:rome#key',
    want: ['arn:aws:secretsmanager:eu-west-1:1:secret:rome', 'arn:aws:secretsmanager:eu-west-1:1:secret:rome-??????'],
  },
  { id: 'ssm:arn:aws:ssm:eu-west-1:1:parameter/rome:2', want: ['arn:aws:ssm:eu-west-1:1:parameter/rome'] },
])('an ARN stays what it is: $id', ({ id, want }) => {
  expect(mayRead(referencesIn({ A: id }))[0]?.Resource).toEqual(want)
})

test('each function may have a secret of its own', () => {
  const given = {
    CLUSTERS: 'rome',
    CLUSTER_ROME_TOKEN: 'secretsmanager:rome/{function}#token',
    LOG_LEVEL: '{function}',
  }
  expect(environmentFor(['access'], given, 'pod')).toEqual({
    CLUSTERS: 'rome',
    CLUSTER_ROME_TOKEN: 'secretsmanager:rome/pod#token',
    LOG_LEVEL: '{function}',
  })
})
