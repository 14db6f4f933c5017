/** Values of CloudFormation templates, as the files of this folder write them. */

/** A resource of a template. */
export interface Resource {
  Type: string
  Properties: Readonly<Record<string, unknown>>
  DependsOn?: readonly string[]
}

export type Resources = Readonly<Record<string, Resource>>

/** A function of CloudFormation that stands for text. */
export type Intrinsic =
  | { readonly Ref: string }
  | { readonly 'Fn::GetAtt': readonly [string, string] }
  | { readonly 'Fn::Sub': string }

export const ref = (id: string): Intrinsic => ({ Ref: id })

export const attribute = (id: string, name: string): Intrinsic => ({ 'Fn::GetAtt': [id, name] })

export const arnOf = (id: string): Intrinsic => attribute(id, 'Arn')

/** @param text with `${AWS::Region}` and the like */
export const sub = (text: string): Intrinsic => ({ 'Fn::Sub': text })

/** What a role may do. */
export interface Statement {
  Effect: 'Allow' | 'Deny'
  Action: readonly string[]
  Resource: readonly (string | Intrinsic)[]
  Condition?: object
}

export const allow = (Action: readonly string[], Resource: readonly (string | Intrinsic)[]): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
})

/**
 * A role of one service with nothing but these statements.
 * @param condition under which the service may take it
 */
export function roleFor(service: string, statements: readonly Statement[], condition?: object): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: service },
            Action: 'sts:AssumeRole',
            ...(condition && { Condition: condition }),
          },
        ],
      },
      Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  }
}

/** Logical ID that osls gives what it makes of a function, e.g. `PodLambdaFunction` of `pod`. */
export function logicalId(name: string, suffix: '' | 'LambdaFunction' | 'LogGroup' | 'Role' | 'Schedule'): string {
  const id = name.replaceAll('-', 'Dash').replaceAll('_', 'Underscore')
  return `${id.charAt(0).toUpperCase()}${id.slice(1)}${suffix}`
}
