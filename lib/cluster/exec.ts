import { spawn } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import type { Identity } from './identity.ts'

/** `exec` of a kubeconfig user (client.authentication.k8s.io), as YAML has it. */
export interface ExecConfig {
  apiVersion?: string
  command?: string
  args?: string[] | null
  env?: { name: string; value: string }[] | null
  installHint?: string
  interactiveMode?: string
  provideClusterInfo?: boolean
}

/** The error that says so. */
export type Problem = (why: string) => Error

export interface ExecContext {
  problem: Problem
  /** Kubeconfig file: a command with a slash is relative to it. */
  file?: string
  /** `spec.cluster` for plugins that ask for it. */
  cluster: Record<string, unknown>
  /** How long the plugin may take, ms. */
  timeoutMs?: number
}

/**
 * Runs a credential plugin. Written here because client-node's ExecAuth keeps a token until the second it expires,
 * cannot be told that the API server refused it, and passes no KUBERNETES_EXEC_INFO.
 * @throws `problem`, without the plugin's output: stdout is the credential
 */
export async function execIdentity(exec: ExecConfig, context: ExecContext): Promise<Identity> {
  const { problem } = context
  const { command } = exec
  if (!command) throw problem('the exec plugin of the kubeconfig names no command')
  if (exec.interactiveMode === 'Always') throw problem(`the exec plugin ${command} needs a terminal`)
  const output = await run(exec, command, context)
  const status = parse(output)
  if (!status?.token && !status?.clientCertificateData) {
    throw problem(`the exec plugin ${command} printed no ExecCredential with a token or a certificate`)
  }
  const identity: Identity = {}
  if (status.token) identity.authorization = `Bearer ${status.token}`
  if (status.clientCertificateData) identity.cert = status.clientCertificateData
  if (status.clientKeyData) identity.key = status.clientKeyData
  const expiresAt = Date.parse(status.expirationTimestamp ?? '')
  if (!Number.isNaN(expiresAt)) identity.expiresAt = expiresAt
  return identity
}

interface ExecStatus {
  token?: string
  clientCertificateData?: string
  clientKeyData?: string
  expirationTimestamp?: string
}

function parse(output: string): ExecStatus | undefined {
  try {
    return (JSON.parse(output) as { status?: ExecStatus } | null)?.status
  } catch {
    return undefined
  }
}

async function run(
  exec: ExecConfig,
  command: string,
  { problem, file, cluster, timeoutMs = 20_000 }: ExecContext,
): Promise<string> {
  const program = file && command.includes('/') ? resolve(dirname(file), command) : command
  const spec = { interactive: false, ...(exec.provideClusterInfo ? { cluster } : {}) }
  const apiVersion = exec.apiVersion ?? 'client.authentication.k8s.io/v1'
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec })
  const extra = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value]))
  // The environment is handed on, not read: plugins find their own configuration and PATH there.
  const env = { ...process.env, ...extra, KUBERNETES_EXEC_INFO: info }
  return new Promise((done, fail) => {
    const failed = (why: string) => fail(problem(`the exec plugin ${command} ${why}`))
    const child = spawn(program, exec.args ?? [], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs })
    let output = ''
    let complaint = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      const hint = exec.installHint ? `: ${exec.installHint.trim().replace(/\s+/g, ' ')}` : ''
      failed(error.code === 'ENOENT' ? `is not installed${hint}` : `could not be started (${error.code})`)
    })
    child.on('close', (code, signal) => {
      const last = complaint.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
      if (code === 0) done(output)
      else failed(signal ? `did not finish in ${timeoutMs} ms` : `failed with exit code ${code}: ${last}`)
    })
  })
}
