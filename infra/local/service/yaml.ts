import { parse, type ScalarTag } from 'yaml'

const tag = (name: string, key: string): ScalarTag => ({
  tag: `!${name}`,
  resolve: (text) => ({ [key]: text }),
})

const TAGS = [tag('Ref', 'Ref'), tag('GetAtt', 'Fn::GetAtt'), tag('Sub', 'Fn::Sub')]

const VARIABLE = /\$\{(self:service|sls:stage|self:provider\.(?:stage|region))\}/g
const GENERATED = /^\$\{file\([^)]*\):(\w+)\}$/

/**
 * Parses a serverless.yml: CloudFormation's short tags in their long form, merge keys applied, resources in several parts
 * as one, and of the framework's variables `self:service`, `sls:stage`, `self:provider.stage` and `self:provider.region`
 * filled in.
 * @param stage instead of the file's own
 * @param generated what stands for `${file(<code>):<name>}`, by name
 */
export function parseServerless(
  text: string,
  { stage, generated = {} }: { stage?: string; generated?: Readonly<Record<string, unknown>> } = {},
): unknown {
  const raw = replaced(parse(text, { customTags: TAGS, merge: true }), (value) => {
    const name = GENERATED.exec(value)?.[1]
    return name === undefined ? value : generated[name]
  })
  const { service, provider, resources, ...rest } = (raw ?? {}) as Record<string, Record<string, unknown>>
  const placed = { ...provider, stage: stage ?? provider?.stage ?? 'dev' }
  const values: Record<string, unknown> = {
    'self:service': service,
    'sls:stage': placed.stage,
    'self:provider.stage': placed.stage,
    'self:provider.region': provider?.region ?? 'us-east-1',
  }
  const whole = { ...rest, service, provider: placed, ...(resources && { resources: merged(resources) }) }
  return replaced(whole, (value) => value.replace(VARIABLE, (_, name: string) => String(values[name] ?? '')))
}

/** The same value with every text in it replaced. */
function replaced(value: unknown, replace: (text: string) => unknown): unknown {
  if (typeof value === 'string') return replace(value)
  if (Array.isArray(value)) return value.map((item) => replaced(item, replace))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replaced(child, replace)]))
}

function merged(parts: object): object {
  if (!Array.isArray(parts)) return parts
  return { Resources: Object.assign({}, ...parts.map(({ Resources }) => Resources)) }
}
