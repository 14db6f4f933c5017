/** A route and the function behind it. */
export interface RouteTarget {
  /** `POST /path/{name}`, `ANY /{proxy+}`, or `$default` for all. `*` is another word for `$default`. */
  key: string
  target: string
}

/** The route for a request: the most specific one, an exact method before ANY; undefined when there is none. */
export function matchRoute(routes: RouteTarget[], method: string, path: string): RouteTarget | undefined {
  const fitting = routes.filter(({ key }) => fits(key, method, path))
  return fitting.sort((a, b) => rank(a.key) - rank(b.key))[0]
}

const isDefault = (key: string) => key === '*' || key === '$default'

function fits(key: string, method: string, path: string): boolean {
  if (isDefault(key)) return true
  const [wanted = '', template = ''] = key.split(' ')
  if (!['ANY', '*', method].includes(wanted.toUpperCase())) return false
  const steps = template.split('/')
  const given = path.split('/')
  const greedy = /^\{\w+\+\}$/.test(steps.at(-1) ?? '')
  if (greedy ? given.length < steps.length : given.length !== steps.length) return false
  return steps.every((step, at) => /^\{\w+\+?\}$/.test(step) || step === given[at])
}

/** Fewer variables first, then an exact method; the default last. */
function rank(key: string): number {
  if (isDefault(key)) return 1000
  const greedy = key.includes('+}') ? 100 : 0
  return greedy + (key.match(/\{/g)?.length ?? 0) * 2 + (/^(ANY|\*) /i.test(key) ? 1 : 0)
}
