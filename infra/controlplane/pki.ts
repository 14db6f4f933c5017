/**
 * Certificates of a local control plane: a CA, serving and client certificates, and the key pair that signs the tokens
 * of service accounts. EC P-256 throughout; everything is PEM (certificates, PKCS #8 private and SPKI public keys).
 */
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 24 * 60 * 60 * 1000

/** A certificate with its private key. */
export interface Credential {
  certPem: string
  keyPem: string
}

/** A CA that can sign: what `createAuthority` and `loadAuthority` return. */
export interface Authority extends Credential {
  certificate: x509.X509Certificate
  key: webcrypto.CryptoKey
}

/** The key pair behind service account tokens. */
export interface SigningKey {
  publicPem: string
  privatePem: string
}

/** Who a client certificate stands for: `user` is the common name, each group an organisation. */
export interface Identity {
  user: string
  groups?: readonly string[]
}

/** Creates a self-signed CA, valid for ten years. */
export const createAuthority = async (commonName: string): Promise<Authority> => {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
    ...validity(3650),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return {
    certificate,
    key: keys.privateKey,
    certPem: toPem(certificate),
    keyPem: await privatePem(keys.privateKey),
  }
}

/** Reads a CA back from its PEM files. @throws when either is not the PEM of a P-256 CA. */
export const loadAuthority = async ({ certPem, keyPem }: Credential): Promise<Authority> => {
  const pkcs8 = x509.PemConverter.decodeFirst(keyPem)
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign'])
  return { certificate: new x509.X509Certificate(certPem), key, certPem, keyPem }
}

/** Mints a serving certificate for DNS names and IP addresses, the first of which is its common name. */
export const mintServing = async (ca: Authority, { hosts }: { hosts: readonly [string, ...string[]] }) =>
  mint(ca, [{ CN: [hosts[0]] }], x509.ExtendedKeyUsage.serverAuth, [
    new x509.SubjectAlternativeNameExtension(
      hosts.map((host) => ({ type: isAddress(host) ? 'ip' : 'dns', value: host })),
    ),
  ])

/** Mints a client certificate, as the API server's `--client-ca-file` understands it. */
export const mintClient = async (ca: Authority, { user, groups = [] }: Identity): Promise<Credential> =>
  mint(ca, [...groups.map((group) => ({ O: [group] })), { CN: [user] }], x509.ExtendedKeyUsage.clientAuth, [])

/** Creates the key pair that signs service account tokens (ES256). */
export const createSigningKey = async (): Promise<SigningKey> => {
  const keys = await generateKeys()
  const spki = await crypto.subtle.exportKey('spki', keys.publicKey)
  return {
    publicPem: `${x509.PemConverter.encode(spki, 'PUBLIC KEY')}\n`,
    privatePem: await privatePem(keys.privateKey),
  }
}

const mint = async (
  ca: Authority,
  subject: x509.JsonName,
  usage: string,
  extensions: readonly x509.Extension[],
): Promise<Credential> => {
  const keys = await generateKeys()
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: ca.certificate.subjectName,
    publicKey: keys.publicKey,
    signingKey: ca.key,
    signingAlgorithm: algorithm,
    ...validity(365),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate),
      ...extensions,
    ],
  })
  return { certPem: toPem(certificate), keyPem: await privatePem(keys.privateKey) }
}

const generateKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

const privatePem = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`

const toPem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`

/** Begins an hour ago, so that a clock set back a little does not refuse a fresh certificate. */
const validity = (days: number) => ({
  notBefore: new Date(Date.now() - day / 24),
  notAfter: new Date(Date.now() + days * day),
})

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':')
