import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { createAuthority, createSigningKey, loadAuthority, mintClient, mintServing } from './pki.ts'

const ca = await createAuthority('test-ca')

test('the CA may sign certificates and nothing else', () => {
  const certificate = new X509Certificate(ca.certPem)
  expect(certificate.ca).toBe(true)
  expect(certificate.subject).toBe('CN=test-ca')
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
})

test('a serving certificate names its hosts, addresses as addresses', async () => {
  const { certPem } = await mintServing(ca, { hosts: ['localhost', '127.0.0.1', '::1', '10.96.0.1'] })
  const certificate = new X509Certificate(certPem)
  expect(certificate.ca).toBe(false)
  expect(certificate.checkIssued(new X509Certificate(ca.certPem))).toBe(true)
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkHost('example.com')).toBeUndefined()
  for (const address of ['127.0.0.1', '::1', '10.96.0.1']) expect(certificate.checkIP(address)).toBe(address)
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
})

test('a client certificate carries user and groups, whatever characters they hold', async () => {
  const { certPem } = await mintClient(ca, { user: 'system:serviceaccount:a:b', groups: ['system:masters', 'a, b=c'] })
  const certificate = new X509Certificate(certPem)
  expect(certificate.toLegacyObject().subject).toEqual({
    O: ['system:masters', 'a, b=c'],
    CN: 'system:serviceaccount:a:b',
  })
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
})

test('a CA read back from its files signs like the first one', async () => {
  const { certPem } = await mintServing(await loadAuthority(ca), { hosts: ['localhost'] })
  expect(new X509Certificate(certPem).verify(createPublicKey(ca.certPem))).toBe(true)
})

test('the token key pair belongs together', async () => {
  const { privatePem, publicPem } = await createSigningKey()
  const data = Buffer.from('token')
  const signature = sign('sha256', data, createPrivateKey(privatePem))
  expect(verify('sha256', data, createPublicKey(publicPem), signature)).toBe(true)
})

test('a TLS connection with both certificates holds', async () => {
  const [serving, client] = [await mintServing(ca, { hosts: ['127.0.0.1'] }), await mintClient(ca, { user: 'jane' })]
  const server = createServer({
    cert: serving.certPem,
    key: serving.keyPem,
    ca: ca.certPem,
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
  const { port } = server.address() as { port: number }
  const socket = connect({ host: '127.0.0.1', port, ca: ca.certPem, cert: client.certPem, key: client.keyPem })
  await once(socket, 'secureConnect')
  const [peer] = await accepted
  expect(socket.authorized).toBe(true)
  expect(peer.getPeerCertificate().subject.CN).toBe('jane')
  socket.destroy()
  peer.destroy()
  server.close()
})
