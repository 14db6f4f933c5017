import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * The command line as Node's parseArgs reads it, but that a value given twice, of which it takes the last, is refused:
 * nobody can tell which of them was meant.
 * @throws TypeError that `isUsageError` knows, with the option and the remedy
 */
export function readArguments<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  const given = new Set<string>()
  for (const token of parseArgs({ ...config, tokens: true }).tokens ?? []) {
    if (token.kind !== 'option') continue
    const { type, multiple } = config.options?.[token.name] ?? {}
    if (type !== 'string' || multiple) continue
    if (given.has(token.name)) throw usageError(`--${token.name}: given twice; give it once`)
    given.add(token.name)
  }
  return parseArgs(config)
}

/** An error that tells a person what is wrong with the command line. */
export function usageError(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' })
}

export function isUsageError(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS') === true
}
