/**
 * The whole: two real control planes with the same pod and service CIDRs, the real functions, the real agents started as
 * the manifests say that the functions made. Every address that is tried here stands where the functions have put it: in
 * a pod's status or an EndpointSlice.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest'
import { buildAgent } from '../../infra/gateway/build.ts'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { listOf, offload } from '../e2e/offload.ts'
import { addressesOf, OURS } from '../e2e/services.ts'
import { manual, service, webPod } from '../e2e/shop.ts'
import { type Id, ipsOf, type Sides, watchSides } from '../e2e/sides.ts'
import { type TestStage, testStage } from '../e2e/stage.ts'
import { redeploy, sweep } from '../e2e/sweep.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import { type Net, type Space, startNet } from './space.ts'
import { findHindrance } from './tools.ts'
import { addOutside, buildWide, OUTSIDE } from './topology.ts'
import { traces } from './traces.ts'
import { answers, ask, pour, serve } from './traffic.ts'

const NAMESPACE = 'net'
const SAME = { POD_CIDR: '10.244.0.0/16', SERVICE_CIDR: '10.96.0.0/12' }
const hindrance = await findHindrance()

describe.skipIf(hindrance)(
  `what the functions say is what packets do${hindrance ? ` (skipped: ${hindrance})` : ''}`,
  () => {
    let stage: TestStage
    let net: Net
    let sides: Sides
    let kubelets: Record<Id, Kubelet>
    let outside: Space

    beforeAll(async () => {
      const program = await buildAgent()
      const settings = (['ROME', 'MILAN'] as const).flatMap((id) =>
        Object.entries(SAME).map(([name, cidr]) => [`CLUSTER_${id}_${name}`, cidr]),
      )
      stage = await testStage({
        network: true,
        nodes: { rome: 2, milan: 2 },
        env: { ...Object.fromEntries(settings), GATEWAY_IMAGE: 'agent:1' },
      })
      sides = await watchSides(stage, NAMESPACE)
      net = await startNet()
      const wan = await buildWide(net)
      const kubelet = (id: Id, publicIP: string) =>
        startKubelet({ net, wan, id, publicIP, podCIDR: SAME.POD_CIDR, stage: stage.clusters[id]!, program })
      kubelets = { rome: await kubelet('rome', '198.51.100.1'), milan: await kubelet('milan', '198.51.100.2') }
      outside = await addOutside(net, kubelets.rome.nodes[0])
      await serve(outside, 8080)
      await sweep(stage)
    })

    afterAll(async () => {
      sides?.close()
      await Promise.all(Object.values(kubelets ?? {}).map((kubelet) => kubelet.stop()))
      await net?.stop()
      await stage?.stop()
    })

    beforeEach(() => onTestFailed(() => console.error(...Object.values(kubelets).map((kubelet) => kubelet.report()))))

    const apply = (...objects: object[]) => stage.clusters.rome!.kubectl(['apply', '-f', '-'], listOf(...objects))
    const inSystem = (id: Id, ...args: string[]) => stage.clusters[id]!.kubectl(['-n', 'heliograph', ...args])

    const ipOf = (id: Id, name: string) =>
      eventually(`address of ${name} in ${id}`, async () => {
        const found = sides.podsIn(id).find(({ metadata }) => metadata.name === name)
        return found && ipsOf(found)[0]
      })
    /** What EndpointSlices in milan show of a Service of rome. */
    const shownInMilan = (name: string, count: number) =>
      eventually(`${count} addresses of ${name} in milan`, async () => {
        const shown = addressesOf(sides.slicesIn('milan', name, OURS))
        return shown.length === count ? shown : Promise.reject(new Error(shown.join()))
      })
    const spaceOf = async (id: Id, name: string) => {
      const ip = await ipOf(id, name)
      return eventually(`a namespace of ${name}`, async () => kubelets[id].podAt(ip))
    }
    /** The pods of both clusters reach each other, by the addresses that they are shown with. */
    const bothWays = async () => {
      const [here, away] = [await spaceOf('rome', 'here'), await spaceOf('milan', 'away')]
      const shown = await ipOf('rome', 'away')
      await eventually('here to away', () => answers(here, shown))
      await eventually('away to here', async () => {
        const [address = ''] = (await shownInMilan('web', 2)).filter((one) => one.startsWith('10.246.'))
        return answers(away, address)
      })
    }
    const connected = async (id: Id, peer: Id) =>
      eventually(`${id} connected to ${peer}`, async () => {
        const found = (await stage.clusters[id]!.kubectl.get('tunnelendpoint', peer, 'heliograph')) as
          | (Found & { status?: { connection?: { status?: string } } })
          | undefined
        return (
          found?.status?.connection?.status === 'Connected' || Promise.reject(new Error(JSON.stringify(found?.status)))
        )
      })

    test('gateways come up by themselves, agree and connect, and the virtual node is ready', async () => {
      await connected('rome', 'milan')
      await connected('milan', 'rome')
      const { kubectl } = stage.clusters.rome!
      await eventually('a virtual node', () => kubectl.get('node', 'liqo-milan'))
      await kubectl(['wait', '--for=condition=Ready', 'node/liqo-milan', '--timeout=60s'])
    })

    test('a pod at home reaches one elsewhere by the address in its status, and is seen by its own name there', async () => {
      await offload(stage, NAMESPACE)
      await apply(
        service(NAMESPACE, 'web', { selector: { app: 'web' } }),
        webPod(NAMESPACE, 'here'),
        webPod(NAMESPACE, 'on-host', { hostNetwork: true }),
        webPod(NAMESPACE, 'away', { nodeName: 'liqo-milan', tolerations: [{ operator: 'Exists' }] }),
        service(NAMESPACE, 'outside'),
        manual(NAMESPACE, 'outside', [OUTSIDE.withRoute]),
      )
      const [shown, real] = [await ipOf('rome', 'away'), await ipOf('milan', 'away')]
      expect(shown).toBe(real.replace('10.244.', '10.246.'))
      const here = await spaceOf('rome', 'here')
      await spaceOf('milan', 'away')
      expect(await answers(here, shown)).toBe(true)
      const own = await ipOf('rome', 'here')
      expect(await ask(here, shown, 8080)).toBe(`${own.replace('10.244.', '10.246.')} ${real}`)
    })

    test('a pod elsewhere reaches what EndpointSlices show there: a pod, a host, a machine outside', async () => {
      const away = await spaceOf('milan', 'away')
      const [own, host] = [await ipOf('rome', 'here'), await ipOf('rome', 'on-host')]
      const seen = await ipOf('rome', 'away')
      const answersOf = async (name: string, count: number) =>
        (await Promise.all((await shownInMilan(name, count)).map((address) => ask(away, address, 8080)))).toSorted()
      expect(await answersOf('web', 2)).toEqual([`${seen} ${own}`, `${seen} ${host}`].toSorted())
      expect(await answersOf('outside', 1)).toEqual([`192.0.2.1 ${OUTSIDE.withRoute}`])
    })

    test('an address that no EndpointSlice shows any more leads nowhere', async () => {
      const away = await spaceOf('milan', 'away')
      const [address = ''] = await shownInMilan('outside', 1)
      await stage.clusters.rome!.kubectl(['-n', NAMESPACE, 'delete', 'endpointslice', 'outside-manual'])
      await shownInMilan('outside', 0)
      await eventually('no answer', async () => (await ask(away, address, 8080)) === '')
    })

    test('another key, after its Secret was deleted', async () => {
      const key = async () =>
        (await stage.clusters.milan!.kubectl.get('configmap', 'heliograph-gateway-key', 'heliograph'))?.data as
          | { publicKey: string }
          | undefined
      const before = (await key())?.publicKey
      await inSystem('milan', 'delete', 'secret', 'heliograph-gateway-key')
      await eventually('another key', async () => ![undefined, before].includes((await key())?.publicKey))
      await eventually('it is known in rome', async () => {
        const tunnel = await stage.clusters.rome!.kubectl.get('tunnelendpoint', 'milan', 'heliograph')
        const { backend_config } = (tunnel?.spec ?? {}) as { backend_config?: { publicKey: string } }
        return backend_config?.publicKey === (await key())?.publicKey
      })
      await bothWays()
    })

    test("the gateway's Pod is replaced, and a transfer goes on", async () => {
      const [here, away] = [await spaceOf('rome', 'here'), await spaceOf('milan', 'away')]
      const stream = await pour(here, away, await ipOf('rome', 'away'), 5301)
      await stream.flows(1 << 20)
      await inSystem('rome', 'delete', 'pod', '-l', 'app.kubernetes.io/name=heliograph-gateway', '--grace-period=1')
      await stream.flows(8 << 20)
      stream.stop()
      await bothWays()
    })

    test("the gateway's address changes, and a transfer goes on", async () => {
      const [here, away] = [await spaceOf('rome', 'here'), await spaceOf('milan', 'away')]
      const stream = await pour(here, away, await ipOf('rome', 'away'), 5302)
      await stream.flows(1 << 20)
      await kubelets.milan.move('198.51.100.22')
      await eventually('it is known in rome', async () => {
        const tunnel = await stage.clusters.rome!.kubectl.get('tunnelendpoint', 'milan', 'heliograph')
        return (tunnel?.spec as { endpointIP?: string } | undefined)?.endpointIP === '198.51.100.22'
      })
      await stream.flows(8 << 20)
      stream.stop()
      await bothWays()
    })

    test('with internal=false the tunnel is gone, and every trace of it on the nodes', async () => {
      const here = await spaceOf('rome', 'here')
      const remapped = await ipOf('rome', 'away')
      await redeploy(stage, { NETWORKING_INTERNAL: 'false' })
      for (const { nodes } of Object.values(kubelets)) {
        for (const node of nodes) {
          await eventually(`nothing left in ${node.name}`, async () => {
            const left = await traces(node)
            return left.length === 0 || Promise.reject(new Error(left.join('\n')))
          })
        }
      }
      for (const id of ['rome', 'milan'] as const) {
        const pods = await inSystem(id, 'get', 'pods,tunnelendpoints', '-o', 'name')
        expect(pods).toBe('')
      }
      const asIs = await ipOf('milan', 'away')
      await eventually('the address as it is', async () => (await ipOf('rome', 'away')) === asIs)
      expect(await answers(here, remapped)).toBe(false)
    })
  },
)
