import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../../infra/local/eventually.ts'
import type { Found } from '../../infra/local/kubectl.ts'
import { offload } from './offload.ts'
import { type TestStage, testStage } from './stage.ts'
import { sweep } from './sweep.ts'

let stage: TestStage
let namespace: string
let count = 0

beforeAll(async () => {
  stage = await testStage({ env: { NETWORKING_INTERNAL: 'false', REFLECT_SECRET: 'AllowList' } })
})
afterAll(() => stage?.stop())

/** Each test has a namespace of its own, offloaded and ready. */
beforeEach(async () => {
  namespace = `shop-${++count}`
  await offload(stage, namespace)
})

const rome = (args: string[], input?: string) => stage.clusters.rome!.kubectl(args, input)
const milan = (args: string[], input?: string) => stage.clusters.milan!.kubectl(args, input)
const home = (...args: string[]) => rome(['-n', namespace, ...args])
const copy = (kind: string, name: string) => stage.clusters.milan!.kubectl.get(kind, name, `${namespace}-rome`)

const there = (kind: string, name: string, test: (found: Found) => boolean = () => true) =>
  eventually(`${kind}/${name} in milan`, async () => {
    const found = await copy(kind, name)
    return found && test(found) && found
  })

const gone = (kind: string, name: string) =>
  eventually(`no ${kind}/${name} in milan`, async () => !(await copy(kind, name)))

const sourceUid = ({ metadata }: Found) => metadata.annotations?.['heliograph.io/source-uid']

describe('events', () => {
  test('an object deleted and recreated is the new one in milan', async () => {
    await home('create', 'configmap', 'a', '--from-literal=k=v')
    const before = sourceUid(await there('configmap', 'a'))
    await home('delete', 'configmap', 'a')
    await home('create', 'configmap', 'a', '--from-literal=k=v')
    await there('configmap', 'a', (found) => sourceUid(found) !== before)
  })

  test('a source recreated with what is immutable gets its copy made anew', async () => {
    const immutable = (value: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'fixed', namespace },
      data: { k: value },
      immutable: true,
    })
    const k = ({ data }: Found) => (data as { k: string }).k
    await rome(['create', '-f', '-'], JSON.stringify(immutable('v')))
    await there('configmap', 'fixed')
    await home('delete', 'configmap', 'fixed')
    await rome(['create', '-f', '-'], JSON.stringify(immutable('w')))
    await there('configmap', 'fixed', (found) => k(found) === 'w')

    await home('create', 'service', 'clusterip', 'headless', '--tcp=80')
    await there('service', 'headless')
    await home('delete', 'service', 'headless')
    await home('create', 'service', 'clusterip', 'headless', '--clusterip=None')
    await there('service', 'headless', ({ spec }) => (spec as { clusterIP: string }).clusterIP === 'None')
  })

  test('a Service gets ports and addresses of milan, and follows changes of type', async () => {
    await home('create', 'service', 'nodeport', 'web', '--tcp=80:8080')
    await there('service', 'web', ({ spec }) => (spec as { type: string }).type === 'NodePort')
    await home('patch', 'service', 'web', '--patch', '{"spec":{"type":"ClusterIP"}}')
    const service = await there('service', 'web', ({ spec }) => (spec as { type: string }).type === 'ClusterIP')
    expect((service.spec as { clusterIP: string }).clusterIP).toMatch(/^10\.97\./)
  })

  test('under an AllowList only what is allowed is reflected, and taken back when it is not any more', async () => {
    await home('create', 'secret', 'generic', 'hidden', '--from-literal=k=v')
    await home('create', 'secret', 'generic', 'shared', '--from-literal=k=v')
    await home('annotate', 'secret', 'shared', 'liqo.io/allow-reflection=true')
    await there('secret', 'shared')
    expect(await copy('secret', 'hidden')).toBeUndefined()
    await home('annotate', 'secret', 'shared', 'liqo.io/allow-reflection-')
    await gone('secret', 'shared')
  })

  test('an unmarked object in the way stays as it is, and is taken over by nobody once its owner removes it', async () => {
    await milan(['-n', `${namespace}-rome`, 'create', 'configmap', 'theirs', '--from-literal=owner=milan'])
    const before = await copy('configmap', 'theirs')
    await home('create', 'configmap', 'theirs', '--from-literal=owner=rome')
    const selector = 'type=Warning,reason=FailedReflection,involvedObject.name=theirs'
    const events = await eventually('a Warning', () =>
      home('get', 'events', '--field-selector', selector, '-o', 'name'),
    )
    expect(events.trim().split('\n')).toHaveLength(1)
    expect(await copy('configmap', 'theirs')).toEqual(before)
    await milan(['-n', `${namespace}-rome`, 'delete', 'configmap', 'theirs'])
    await there('configmap', 'theirs', ({ data }) => (data as { owner: string }).owner === 'rome')
  })

  test('a namespace deleted in milan is made and filled again', async () => {
    await home('create', 'configmap', 'a', '--from-literal=k=v')
    const { metadata } = await there('configmap', 'a')
    await milan(['delete', 'namespace', `${namespace}-rome`])
    await there('configmap', 'a', (found) => found.metadata.uid !== metadata.uid)
  })

  test('deletion of all objects of a namespace at once', async () => {
    for (const name of ['a', 'b', 'c']) await home('create', 'configmap', name, '--from-literal=k=v')
    for (const name of ['a', 'b', 'c']) await there('configmap', name)
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    const { status } = await stage.clusters.rome!.cluster.call(path, { method: 'DELETE' })
    expect(status).toBe(200)
    for (const name of ['a', 'b', 'c']) await gone('configmap', name)
  })

  test('1,000 ConfigMaps at once: none is missing', async () => {
    const items = Array.from({ length: 1000 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `burst-${index}`, namespace },
      data: { index: String(index) },
    }))
    const { call } = stage.clusters.rome!.cluster
    const path = `/api/v1/namespaces/${namespace}/configmaps`
    for (let start = 0; start < items.length; start += 50) {
      const batch = items.slice(start, start + 50)
      const answers = await Promise.all(batch.map((item) => call(path, { method: 'POST', body: item })))
      expect(answers.map(({ status }) => status)).toEqual(batch.map(() => 201))
    }
    const names = await eventually('1,000 ConfigMaps in milan', async () => {
      const list = await milan([
        '-n',
        `${namespace}-rome`,
        'get',
        'cm',
        '-l',
        'offloading.liqo.io/origin=rome',
        '-o',
        'name',
      ])
      const found = list
        .trim()
        .split('\n')
        .filter((name) => name.startsWith('configmap/burst-'))
      return found.length === 1000 && found
    })
    expect(new Set(names).size).toBe(1000)
    expect(await stage.host.deadLetters.list()).toEqual([])
  })
})

describe('sweeps', () => {
  test('make up for all that happened while the functions were down', async () => {
    for (const name of ['kept', 'changed', 'removed']) await home('create', 'configmap', name, '--from-literal=k=v')
    for (const name of ['kept', 'changed', 'removed']) await there('configmap', name)
    await stage.functionsDown()
    await home('create', 'configmap', 'new', '--from-literal=k=v')
    await home('patch', 'configmap', 'changed', '--patch', '{"data":{"k":"w"}}')
    await home('delete', 'configmap', 'removed')
    await milan(['-n', `${namespace}-rome`, 'patch', 'configmap', 'kept', '--patch', '{"data":{"k":"drift"}}'])
    await stage.functionsUp()
    // The API servers deliver what they kept of their audit events too, so that the sweep may find some of it done.
    await sweep(stage)
    const data = async (name: string) => (await copy('configmap', name))?.data
    expect(await data('new')).toEqual({ k: 'v' })
    expect(await data('changed')).toEqual({ k: 'w' })
    expect(await data('kept')).toEqual({ k: 'v' })
    expect(await data('removed')).toBeUndefined()
    expect(await sweep(stage)).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
  })

  test('by hand, only report when asked to', async () => {
    await home('create', 'configmap', 'a', '--from-literal=k=v')
    await there('configmap', 'a')
    const { payload } = await stage.host.invoke('sweep', { reportOnly: true })
    expect(JSON.parse(payload)).toMatchObject({ created: 0, updated: 0, deleted: 0, failed: 0 })
  })

  test('take back a namespace whose NamespaceOffloading went while the functions were down', async () => {
    await home('create', 'configmap', 'a', '--from-literal=k=v')
    await there('configmap', 'a')
    await stage.functionsDown()
    await home('delete', 'nsof', 'offloading')
    await stage.functionsUp()
    await sweep(stage)
    const remote = stage.clusters.milan!.kubectl
    await eventually('the copy is gone', async () => !(await remote.get('namespace', `${namespace}-rome`)))
    expect(await stage.clusters.rome!.kubectl.get('configmap', 'a', namespace)).toBeDefined()
  })
})

describe('an outage of milan', () => {
  test('ends in the dead letters, and a redrive brings all of it', async () => {
    const { milan: remote } = stage.clusters
    await remote!.cluster.stopApiServer()
    await home('create', 'configmap', 'late', '--from-literal=k=v')
    const { deadLetters } = stage.host
    await eventually('a dead letter about it', async () =>
      (await deadLetters.list()).some(({ event }) => JSON.stringify(event).includes('"late"')),
    )
    await remote!.cluster.startApiServer()
    await stage.host.drain()
    await deadLetters.redrive()
    await there('configmap', 'late')
    // What was under way when the API server came back may have died since.
    await eventually(
      'no dead letters',
      async () => (await deadLetters.redrive()).dead === 0 && (await deadLetters.list()).length === 0,
    )
  })
})
