import { afterEach, describe, expect, test } from 'vitest'
import type { DeadLetter } from '../../../infra/local/events/letters.ts'
import { DEAD_LETTERS, messagesIn, readLetters } from '../dead-letters.ts'
import { configure, reserve } from '../operator.ts'
import { patiently, type Scene } from '../scene.ts'
import { fire, scheduleOf } from '../schedule.ts'

export function failureCases(scene: Scene): void {
  const { there, quiet } = scene
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
  const create = (name: string) => scene.kubectl('create', 'configmap', name, '--from-literal=k=v')
  const allThere = (all: readonly string[]) => Promise.all(all.map((name) => there('configmap', name)))

  /** The dead letters, once there are some about each of the objects. One may be about several, or come twice. */
  const lettersAbout = (...objects: string[]): Promise<DeadLetter[]> =>
    patiently(`dead letters about ${objects}`, async () => {
      const found = await readLetters(scene.account)
      const told = found.map(({ event }) => (event as { detail: { names?: string[] } }).detail.names ?? [])
      return objects.every((name) => told.flat().includes(name)) && found
    })

  /** Redrives until there is no dead letter any more. */
  const redriveAll = () =>
    patiently('no dead letter is left', async () => {
      expect(await scene.account.redrive()).toMatch(/ 0 left\n$/)
      await quiet()
      return (await messagesIn(scene.account, DEAD_LETTERS)) === 0
    })

  describe('failures', () => {
    // What one test has left must not be in the way of the next.
    afterEach(async () => {
      await quiet()
      expect(await messagesIn(scene.account, DEAD_LETTERS)).toBe(0)
    })

    test('a function beyond its time is ended, tried again, a dead letter in the end, and redriven', async () => {
      const { cluster } = scene.clusters.milan!
      const restore = await configure(scene, 'configmap', { Timeout: 1 })
      cluster.pauseApiServer()
      await create('slow')
      const found = await lettersAbout('slow')
      cluster.resumeApiServer()
      await restore()
      expect(found[0]).toMatchObject({ condition: 'RetriesExhausted', tries: 3 })
      expect(found[0]?.error).toMatch(/^Sandbox\.Timedout: .*Task timed out after 1\.00 seconds$/)
      await redriveAll()
      await there('configmap', 'slow')
    })

    test('a function beyond its memory is ended, and runs when it has more', async () => {
      const { account, lambda } = scene
      const remove = await fill(scene, 'memory', 60)
      // Less than Lambda offers: pages are of bounded size, so that all it offers is enough.
      const restore = await configure(scene, 'sweep', { MemorySize: 32 })
      await fire(scene, scheduleOf(scene, 'sweep'))
      await quiet()
      const [letter] = await readLetters(account)
      expect(letter).toMatchObject({ condition: 'RetriesExhausted', tries: 3 })
      expect(letter?.error).toMatch(/^Runtime\.ExitError: .*signal: (killed|aborted)$/)
      // A firing is not sent again: the next one is due.
      expect(await account.redrive()).toMatch(/^0 sent, 1 outdated, 0 left$/m)
      await restore()
      await fire(scene, scheduleOf(scene, 'sweep'))
      await quiet()
      expect(lambda.deliveries.at(-1)).toMatchObject({ function: 'sweep', result: 'done' })
      await remove()
    })

    test('a sweep that a cluster did not answer is run again, and no dead letter', async () => {
      const { lambda, clusters } = scene
      const { environment } = lambda.deployed().functions.find(({ name }) => name === 'sweep')!
      const variables = { ...environment, REQUEST_TIMEOUT_MS: '3000' }
      const restore = await configure(scene, 'sweep', { Environment: { Variables: variables } })
      const { cluster } = clusters.milan!
      const before = lambda.deliveries.length
      const sweeps = () => lambda.deliveries.slice(before).filter((one) => one.function === 'sweep')
      cluster.pauseApiServer()
      await fire(scene, scheduleOf(scene, 'sweep'))
      await patiently('a sweep that failed', async () => sweeps().some(({ result }) => result === 'retry'))
      cluster.resumeApiServer()
      await quiet()
      await restore()
      expect(sweeps().at(-1)).toMatchObject({ result: 'done' })
    })

    test('throttled events wait for as long as it takes, and all arrive', async () => {
      const all = names('throttled', 20)
      await reserve(scene, 'configmap', 0)
      const { stats } = scene.lambda
      await Promise.all(all.map(create))
      await patiently('throttled events', async () => stats('configmap').throttles > all.length)
      expect(stats('configmap').invocations).toBe(0)
      await reserve(scene, 'configmap', undefined)
      await allThere(all)
    })

    test('what fails again and again keeps nothing else up, and arrives once its cause is gone', async () => {
      const { rome, milan } = scene.clusters
      await milan!.kubectl(['apply', '-f', '-'], JSON.stringify(REFUSAL))
      const { namespace } = scene
      const poison = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'poison', namespace, labels: POISON } }
      await rome!.kubectl(['create', '-f', '-'], JSON.stringify(poison))
      const all = names('beside', 5)
      await Promise.all(all.map(create))
      await allThere(all)
      const [letter] = await lettersAbout('poison')
      expect(letter).toMatchObject({ condition: 'RetriesExhausted', tries: 3 })
      // Redriven too early it is a dead letter again.
      expect(await scene.account.redrive()).toMatch(/ 0 left\n$/)
      await lettersAbout('poison')
      await milan!.kubectl(['delete', '-f', '-'], JSON.stringify(REFUSAL))
      await redriveAll()
      await there('configmap', 'poison')
    })

    test('of a function that does not even start no event is lost', async () => {
      const all = names('unconfigured', 10)
      const restore = await configure(scene, 'configmap', { Environment: { Variables: {} } })
      await Promise.all(all.map(create))
      const found = await lettersAbout(...all)
      await restore()
      expect(found.map(({ error }) => error)).toEqual(found.map(() => expect.stringMatching(/^ConfigError: /)))
      await redriveAll()
      await allThere(all)
    })

    test('after all of it nothing is missing in milan', async () => {
      const { namespace, kubectl, clusters } = scene
      const wanted = await kubectl('get', 'configmaps', '-o', 'name')
      const origin = ['-l', 'offloading.liqo.io/origin=rome']
      const found = await clusters.milan!.kubectl(['-n', `${namespace}-rome`, 'get', 'cm', ...origin, '-o', 'name'])
      // The CA of the cluster goes under another name.
      const sorted = (lines: string) =>
        lines
          .trim()
          .split('\n')
          .filter((name) => !name.includes('/kube-root-ca.crt'))
          .toSorted()
      expect(sorted(found)).toEqual(sorted(wanted))
      expect(sorted(found).length).toBeGreaterThan(37)
    })
  })
}

const POISON = { poison: 'yes' }

/** Milan asks somebody who does not answer before it takes what bears the label. */
const REFUSAL = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'nobody' },
  webhooks: [
    {
      name: 'nobody.example.com',
      clientConfig: { url: 'https://127.0.0.1:9/' },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }],
      objectSelector: { matchLabels: POISON },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 1,
    },
  ],
}

/** Bytes in a ConfigMap, near the most that there may be. */
const LARGE = 1_000_000

/** Fills the namespace with large objects that stay at home. @returns what removes them */
async function fill({ clusters, namespace, quiet }: Scene, label: string, count: number): Promise<() => Promise<void>> {
  const { call } = clusters.rome!.cluster
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const annotations = { 'liqo.io/skip-reflection': 'true' }
  for (let index = 0; index < count; index++) {
    const metadata = { name: `${label}-${index}`, annotations, labels: { label } }
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { k: 'x'.repeat(LARGE) } }
    const { status } = await call(path, { method: 'POST', body })
    expect(status).toBe(201)
  }
  await quiet()
  return async () => {
    const { status } = await call(`${path}?labelSelector=label%3D${label}`, { method: 'DELETE' })
    expect(status).toBe(200)
  }
}
