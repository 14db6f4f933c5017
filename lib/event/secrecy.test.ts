import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAdmission } from './admission.ts'
import { readAudit } from './audit.ts'
import { readBinaryCloudEvent, readCloudEvents } from './cloudevent.ts'
import { readLogs } from './cloudwatch.ts'
import { changesOf, type Reading } from './write.ts'

/** No string of an object may come out, whatever the form, whether the item can be read or not. */
const MARK = 'hunter2'

const secret = fc.string({ maxLength: 8 }).map((text) => MARK + text)
/** Any JSON whose strings, keys included, all bear the mark. */
const content = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    secret,
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(secret, tie('value'), { maxKeys: 3 }),
  ),
})).value

/** An object whose places are known and whose content is secret. */
const object = content.map((value) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'db',
    namespace: 'shop',
    resourceVersion: '7',
    labels: value,
    annotations: value,
    managedFields: value,
  },
  data: value,
  stringData: value,
  spec: value,
  status: value,
}))

/** What may be broken about an item, so that errors are made as well. */
const flaw = fc.oneof(
  fc.constant({}),
  fc
    .constantFrom('verb', 'operation', 'specversion', 'stage')
    .chain((field) => content.map((value) => ({ [field]: value }))),
)

const forms: Record<string, (object: unknown, flaw: object) => Reading | Promise<Reading | undefined>> = {
  audit: (object, flaw) =>
    readAudit({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [auditEvent(object, flaw)] }),
  cloudwatch: (object, flaw) => {
    const logEvents = [auditEvent(object, flaw), object].map((one) => ({
      id: '1',
      timestamp: 1,
      message: JSON.stringify(one),
    }))
    const payload = {
      messageType: 'DATA_MESSAGE',
      logGroup: '/aws/eks/rome/cluster',
      logStream: 'kube-apiserver-audit-1',
    }
    return readLogs({ awslogs: { data: gzipSync(JSON.stringify({ ...payload, logEvents })).toString('base64') } })
  },
  admission: (object, flaw) =>
    readAdmission({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        ...{ uid: 'u', resource: { group: '', version: 'v1', resource: 'secrets' }, name: 'db', namespace: 'shop' },
        ...{
          operation: 'UPDATE',
          object,
          oldObject: object,
          userInfo: { username: MARK, extra: object },
          options: null,
        },
        ...flaw,
      },
    }),
  'structured CloudEvent': (object, flaw) => readCloudEvents([{ ...cloudEvent, data: object, ...flaw }]),
  'binary CloudEvent': () =>
    readBinaryCloudEvent({ 'ce-specversion': '1.0', 'ce-type': cloudEvent.type, 'ce-subject': MARK }),
}

const cloudEvent = {
  specversion: '1.0',
  id: MARK,
  source: MARK,
  type: 'dev.knative.apiserver.resource.update',
  subject: '/apis/v1/namespaces/shop/secrets/db',
}

function auditEvent(object: unknown, flaw: object) {
  return {
    ...{
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'RequestResponse',
      stage: 'ResponseComplete',
      verb: 'update',
    },
    ...{
      requestURI: `/api/v1/namespaces/shop/secrets/db?fieldManager=${MARK}`,
      userAgent: MARK,
      user: { username: MARK },
    },
    objectRef: { resource: 'secrets', namespace: 'shop', name: 'db', apiVersion: 'v1', uid: MARK },
    responseStatus: { code: 200, message: MARK, details: object },
    ...{ requestObject: object, responseObject: object, annotations: { [MARK]: MARK } },
    ...flaw,
  }
}

test.each(Object.entries(forms))('%s', async (_, read) => {
  await fc.assert(
    fc.asyncProperty(object, flaw, async (object, flaw) => {
      const reading = await read(object, flaw)
      expect(reading).toBeDefined()
      const changes = changesOf('rome', reading!.writes, [{ kind: 'secret', group: '', plural: 'secrets' }])
      expect(JSON.stringify([reading, changes])).not.toContain(MARK)
    }),
  )
})
