import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { bundleAll } from '../bundle.ts'
import { ROOT } from '../local/root.ts'

vi.setConfig({ testTimeout: 60_000 })

let from: string
beforeAll(async () => {
  from = await mkdtemp(join(tmpdir(), 'heliograph-later-'))
})
afterAll(() => rm(from, { recursive: true }))

const CREDENTIALS = join(ROOT, 'lib/cluster/credentials.ts')
const KUBECONFIG = join(ROOT, 'lib/cluster/kubeconfig.ts')

test('what is imported with import() is loaded when it is called for, and what that imports so, too', async () => {
  await writeFile(join(from, 'reader.ts'), `export { loadCredentials as handler } from ${JSON.stringify(CREDENTIALS)}`)
  const [bundle] = await bundleAll({ from, to: join(from, 'dist') })
  const { handler } = await import(join(bundle!.dir, 'index.mjs'))
  const kubeconfig = `
    current-context: a
    clusters: [{ name: a, cluster: { server: 'https://a.example' } }]
    users: [{ name: a, user: { exec: { command: no-such-plugin } } }]
    contexts: [{ name: a, context: { cluster: a, user: a } }]`
  const { server, identity } = await handler('rome', { kubeconfig })
  expect(server).toBe('https://a.example')
  await expect(identity.current()).rejects.toMatchObject({
    name: 'CredentialsError',
    message: 'cluster rome: the exec plugin no-such-plugin is not installed',
  })
})

test('a module that a function would have twice is refused', async () => {
  const both = [CREDENTIALS, KUBECONFIG].map((path) => `export * from ${JSON.stringify(path)}`)
  await writeFile(join(from, 'reader.ts'), both.join('\n'))
  await expect(bundleAll({ from, to: join(from, 'dist') })).rejects.toThrow(
    /^function reader would have lib\/cluster\/kubeconfig\.ts twice: .* only types/,
  )
})
