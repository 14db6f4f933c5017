import type * as z from 'zod/mini'
import en from 'zod/v4/locales/en.js'

const { localeError } = en()

/**
 * `schema.safeParse` with issues in words. Schemas are made with `zod/mini`, a fifth of what `zod` adds to a bundle, which
 * by itself says no more than "Invalid input".
 */
export function parse<T>(schema: z.ZodMiniType<T>, value: unknown) {
  return schema.safeParse(value, { error: localeError })
}

/** The first issue: `items[3].verb: Invalid input: expected string, received number`. Never a value. */
export function issueText(error: z.core.$ZodError, root = ''): string {
  const issue = error.issues[0]
  if (!issue) return root
  const path = issue.path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    root,
  )
  return `${path === '' ? 'body' : path}: ${issue.message}`
}
