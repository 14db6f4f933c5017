import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { kubectlCommand } from '../controlplane/assets.ts'

export interface KubectlResult {
  code: number
  stdout: string
  stderr: string
}

/** Runs a real kubectl on one cluster. */
export interface Kubectl {
  /** @throws KubectlError when it exits with another code than 0; its output is in the message */
  (args: readonly string[], input?: string): Promise<string>
  /** The same, whatever the code. */
  try(args: readonly string[], input?: string): Promise<KubectlResult>
  /** The object, or undefined when there is none. */
  get(kind: string, name: string, namespace?: string): Promise<Found | undefined>
}

export interface Found {
  metadata: {
    name: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    [field: string]: unknown
  }
  [field: string]: unknown
}

export class KubectlError extends Error {
  constructor(args: readonly string[], { code, stderr }: KubectlResult) {
    super(`kubectl ${args.join(' ')} exited with ${code}: ${stderr.trim()}`)
    this.name = 'KubectlError'
  }
}

export async function kubectlFor(kubeconfig: string): Promise<Kubectl> {
  const [program, prefix] = await kubectlCommand()
  // Beside the kubeconfig: the user's own cache would take a cluster of an earlier run on the same port for this one.
  const common = [...prefix, '--kubeconfig', kubeconfig, '--cache-dir', join(dirname(kubeconfig), 'kubectl-cache')]
  const attempt = (args: readonly string[], input = ''): Promise<KubectlResult> =>
    new Promise((done, fail) => {
      const child = spawn(program, [...common, ...args])
      const out: Buffer[] = []
      const err: Buffer[] = []
      child.stdout.on('data', (chunk) => out.push(chunk))
      child.stderr.on('data', (chunk) => err.push(chunk))
      child.on('error', fail)
      child.on('close', (code) =>
        done({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
      )
      child.stdin.end(input)
    })
  const run = async (args: readonly string[], input?: string) => {
    const result = await attempt(args, input)
    if (result.code !== 0) throw new KubectlError(args, result)
    return result.stdout
  }
  const get = async (kind: string, name: string, namespace?: string) => {
    const scope = namespace === undefined ? [] : ['-n', namespace]
    const found = await run([...scope, 'get', kind, name, '--ignore-not-found', '-o', 'json'])
    return found === '' ? undefined : (JSON.parse(found) as Found)
  }
  return Object.assign(run, { try: attempt, get })
}
