import type { Place } from '../events/event.ts'
import type { ServerlessFile } from './file.ts'

type Resource = ServerlessFile['resources']['Resources'][string]

interface Type {
  /** Property with its name. */
  name: string
  service: string
  /** Form of its ARN after region and account. */
  arn: (name: string) => string
  /** What `!Ref` gives, where it is not the name. */
  ref?: (name: string, place: Place) => string
}

const TYPES: Record<string, Type> = {
  'AWS::Events::EventBus': { name: 'Name', service: 'events', arn: (name) => `event-bus/${name}` },
  'AWS::SQS::Queue': {
    name: 'QueueName',
    service: 'sqs',
    arn: (name) => name,
    ref: (name, { region, account }) => `https://sqs.${region}.amazonaws.com/${account}/${name}`,
  },
}

/**
 * Resolves the CloudFormation functions used in serverless.yml for what runs locally: `!Ref` and `!GetAtt` (`Arn`,
 * `Name`) of a bus or a queue. Any other value is returned as it is.
 * @throws Error naming the resource or attribute that is not understood
 */
export function resolver({ resources }: ServerlessFile, { account, region }: Place): (value: unknown) => unknown {
  const named = (id: string): [Resource, string] => {
    const resource = resources.Resources[id]
    const type = TYPES[resource?.Type ?? '']
    if (!resource || !type) throw new Error(`serverless.yml: ${id} is not a bus or a queue under resources`)
    return [resource, String(resource.Properties[type.name] ?? id)]
  }
  const arn = (id: string) => {
    const [{ Type }, name] = named(id)
    const type = TYPES[Type] as (typeof TYPES)[string]
    return `arn:aws:${type.service}:${region}:${account}:${type.arn(name)}`
  }
  return (value) => {
    if (typeof value !== 'object' || value === null) return value
    if ('Ref' in value) {
      const [{ Type }, name] = named(String(value.Ref))
      return TYPES[Type]?.ref?.(name, { account, region }) ?? name
    }
    if (!('Fn::GetAtt' in value)) return value
    const path = value['Fn::GetAtt']
    const [id = '', attribute] = Array.isArray(path) ? path.map(String) : String(path).split('.')
    if (attribute === 'Arn') return arn(id)
    if (attribute === 'Name' || attribute === 'QueueName') return named(id)[1]
    throw new Error(`serverless.yml: attribute ${attribute} of ${id} is not known locally`)
  }
}

/** Name of a bus or a queue given by name or ARN. */
export const nameOf = (nameOrArn: string): string => nameOrArn.replace(/^arn:.*[:/]/, '')
