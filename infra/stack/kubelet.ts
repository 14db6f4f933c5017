import { arnOf, attribute, logicalId, type Resources, ref, sub } from './cloudformation.ts'
import type { StageSettings } from './settings.ts'

/**
 * In front of the kubelet function: a REST API, the only one that streams responses, on a domain that asks its callers
 * for a certificate. API Gateway checks that one of the CAs in the truststore has signed it, the function whose.
 * The domain's name has to be led to the output KubeletTarget by DNS.
 */
export function kubeletOf({
  domainName,
  certificateArn,
  truststoreUri,
  truststoreVersion,
}: NonNullable<StageSettings['kubelet']>): { Resources: Resources; Outputs: Readonly<Record<string, object>> } {
  const api = { RestApiId: ref('KubeletApi') }
  const fn = logicalId('kubelet', 'LambdaFunction')
  const uri = `functions/\${${fn}.Arn}/response-streaming-invocations`
  return {
    Resources: {
      KubeletApi: {
        Type: 'AWS::ApiGateway::RestApi',
        Properties: {
          Name: sub(`\${AWS::StackName}-kubelet`),
          EndpointConfiguration: { Types: ['REGIONAL'] },
          // There nobody is asked for a certificate.
          DisableExecuteApiEndpoint: true,
        },
      },
      KubeletPath: {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { ...api, ParentId: attribute('KubeletApi', 'RootResourceId'), PathPart: '{proxy+}' },
      },
      KubeletMethod: {
        Type: 'AWS::ApiGateway::Method',
        Properties: {
          ...api,
          ResourceId: ref('KubeletPath'),
          HttpMethod: 'ANY',
          AuthorizationType: 'NONE',
          Integration: {
            Type: 'AWS_PROXY',
            IntegrationHttpMethod: 'POST',
            Uri: sub(`arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2021-11-15/${uri}`),
            ResponseTransferMode: 'STREAM',
            TimeoutInMillis: 900_000,
          },
        },
      },
      KubeletDeployment: { Type: 'AWS::ApiGateway::Deployment', Properties: api, DependsOn: ['KubeletMethod'] },
      KubeletStage: {
        Type: 'AWS::ApiGateway::Stage',
        Properties: { ...api, DeploymentId: ref('KubeletDeployment'), StageName: 'kubelet' },
      },
      KubeletDomain: {
        Type: 'AWS::ApiGateway::DomainName',
        Properties: {
          DomainName: domainName,
          RegionalCertificateArn: certificateArn,
          EndpointConfiguration: { Types: ['REGIONAL'] },
          SecurityPolicy: 'TLS_1_2',
          MutualTlsAuthentication: {
            TruststoreUri: truststoreUri,
            ...(truststoreVersion !== undefined && { TruststoreVersion: truststoreVersion }),
          },
        },
      },
      KubeletMapping: {
        Type: 'AWS::ApiGateway::BasePathMapping',
        Properties: { ...api, DomainName: ref('KubeletDomain'), Stage: ref('KubeletStage') },
      },
      KubeletPermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: arnOf(fn),
          Principal: 'apigateway.amazonaws.com',
          SourceArn: sub(`arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${KubeletApi}/*`),
        },
      },
    },
    Outputs: {
      KubeletTarget: {
        Description: 'What the DNS name of the kubelet API has to lead to',
        Value: attribute('KubeletDomain', 'RegionalDomainName'),
      },
    },
  }
}
