import { parse, type ScalarTag } from 'yaml'

const tag = (name: string, key: string): ScalarTag => ({
  tag: `!${name}`,
  resolve: (text) => ({ [key]: text }),
})

const TAGS = [tag('Ref', 'Ref'), tag('GetAtt', 'Fn::GetAtt'), tag('Sub', 'Fn::Sub')]

const VARIABLE = /\$\{(self:service|sls:stage|self:provider\.(?:stage|region))\}/g

/**
 * Parses a serverless.yml: CloudFormation's short tags in their long form, merge keys applied, and of the framework's
 * variables `self:service`, `sls:stage`, `self:provider.stage` and `self:provider.region` filled in.
 */
export function parseServerless(text: string): unknown {
  const raw = parse(text, { customTags: TAGS, merge: true })
  const { service, provider = {} } = raw ?? {}
  const values: Record<string, string> = {
    'self:service': service,
    'sls:stage': provider.stage ?? 'dev',
    'self:provider.stage': provider.stage ?? 'dev',
    'self:provider.region': provider.region ?? 'us-east-1',
  }
  const filled = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replace(VARIABLE, (_, name: string) => values[name] ?? '')
    if (Array.isArray(value)) return value.map(filled)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, filled(child)]))
  }
  return filled(raw)
}
