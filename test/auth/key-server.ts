import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'

/** A signing key of an identity provider. */
export interface ProviderKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export async function makeKey(kid: string, alg = 'ES256'): Promise<ProviderKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Where a provider publishes its keys, on loopback. */
export interface KeyServer {
  readonly url: string
  /** Questions so far. */
  asked: number
  /** What is published. */
  keys: readonly ProviderKey[]
  /** Answers in place of the keys. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  close(): Promise<void>
}

export async function startKeyServer(...keys: ProviderKey[]): Promise<KeyServer> {
  const server = createServer((request, response) => {
    keyServer.asked += 1
    if (keyServer.answer !== undefined) return keyServer.answer(request, response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys: keyServer.keys.map(({ jwk }) => jwk) }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const keyServer: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    asked: 0,
    keys,
    answer: undefined,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
  return keyServer
}

export const issuer = 'https://id.example/'
export const audience = 'https://gateway.example'

/** A clock that tests move, at first at the present second. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now: number
}

/** A token as a provider would make it; `claims` and `header` stand over what is usual. */
export async function sign(
  { kid, alg, privateKey }: ProviderKey,
  clock: Clock,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(clock.now / 1000)
  return await new SignJWT({
    ...{ iss: issuer, aud: audience, sub: 'user-1', iat: now, exp: now + 600 },
    bulkway_endpoints: ['demo'],
    ...claims,
  })
    .setProtectedHeader({ alg, kid, ...header })
    .sign(privateKey)
}

/** Node's own platform with the tests' clock. */
export function platformAt(clock: Clock) {
  return { ...createNodePlatform({ write() {} }), now: () => clock.now }
}
