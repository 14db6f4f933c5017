import { access, constants, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gatewayWorkloads } from '../../lib/flows/network/fabric/workloads.ts'

/** No container engine is asked for here: this is what of the image can be said without one. */
const read = (name: string) => readFile(join(import.meta.dirname, name), 'utf8')

test('the image is built as the tests build the agent, by the Go that the module asks for', async () => {
  const [dockerfile, module] = await Promise.all([read('Dockerfile'), read('go.mod')])
  const version = /^go (\d+\.\d+)/m.exec(module)![1]
  expect(dockerfile).toContain(`FROM golang:${version}-`)
  expect(dockerfile).toContain('./build.sh /agent')
  await access(join(import.meta.dirname, 'build.sh'), constants.X_OK)
})

test('it has nft, and the agent where its probe looks for it', async () => {
  const dockerfile = await read('Dockerfile')
  expect(dockerfile).toMatch(/apt-get install .*\bnftables\b/)
  expect(dockerfile).toContain('ENTRYPOINT ["/agent"]')
  const workloads = JSON.stringify(gatewayWorkloads({ image: 'agent', serviceType: 'NodePort' }))
  expect(workloads).toContain('"command":["/agent","ready","gateway"]')
})
