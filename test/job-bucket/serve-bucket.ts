import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createKeyring } from '../../src/config/keyring.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Grant } from '../../src/grants/grant.ts'
import { deriveScopedKey } from '../../src/grants/scoped-key.ts'
import { createJobBucket } from '../../src/job-bucket/dispatch.ts'
import { type LogEvent, Secret } from '../../src/log.ts'
import type { Platform, Reply } from '../../src/platform.ts'
import { createNodeBody } from '../../src/runtimes/node-body.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { MemoryStore } from './memory-store.ts'

const grantId = 'aeaqaaaaaaaaaaaaaaaaaaaaaa'

/** A job bucket behind a real HTTP server, with one grant. */
export interface ServedBucket extends AsyncDisposable {
  /** Base URL, with the path `/s3` unless another was asked for. */
  readonly url: string
  readonly accessId: string
  readonly accessSecret: string
  readonly memory: MemoryStore
  readonly logged: LogEvent[]
  /** Changes the grant from now on. */
  change(change: Partial<Grant>): void
  /** Makes reading grants fail, as when the state store is gone. */
  failGrants(isFailing: boolean): void
  /** Moves the server's clock. */
  shiftClock(ms: number): void
  /** Tells the client's own Accept-Encoding, as Cloudflare's edge does. */
  tellAcceptEncoding(value: string | undefined): void
}

/** Serves a bucket whose `in/` is for reading and whose root is for writing, on a free port. */
export async function serveBucket(
  tls?: { key: string; cert: string },
  store?: (platform: Platform) => ObjectStore,
  basePath = '/s3',
  virtualHost?: string,
): Promise<ServedBucket> {
  const keyring = createKeyring([{ kid: 'k1', key: new Secret(btoa('0'.repeat(32))) }])
  const key = await deriveScopedKey(keyring, 'k1', grantId)
  if (key === undefined) throw new Error('no key')
  const logged: LogEvent[] = []
  const log = { write: (_: string, event: LogEvent) => void logged.push(event) }
  const memory = new MemoryStore()
  let grant: Grant = {
    grantId,
    kid: 'k1',
    day: '2026-11-21',
    endpointId: 'demo',
    storeId: 'main',
    owner: 'someone',
    state: 'active',
    createdAt: Date.now(),
    writeExpiresAt: Date.now() + 3_600_000,
    readExpiresAt: Date.now() + 7_200_000,
    mounts: [
      { path: 'in/', key: 'real-day/real-grant/in/', mode: 'read' },
      { path: '', key: 'real-day/real-grant/out/', mode: 'read-write' },
    ],
    secrets: [],
  }
  let shift = 0
  let isFailing = false
  let acceptEncoding: string | undefined
  const node = createNodePlatform(log)
  const platform: Platform = { ...node, now: () => Date.now() + shift }
  const real = store?.(platform) ?? (memory as unknown as ObjectStore)
  const bucket = createJobBucket({
    platform,
    keyring,
    grants: {
      read: async (id) => {
        if (isFailing) throw new GatewayError('store_unavailable', 'The state store is gone')
        return id === grantId ? grant : undefined
      },
    },
    store: (id) => (id === 'main' ? real : undefined),
    log,
    basePath,
    virtualHost,
  })
  const listener = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const hasBody = incoming.headers['content-length'] ?? incoming.headers['transfer-encoding']
    const reply = await bucket.answer({
      method: incoming.method ?? '',
      rawTarget: incoming.url ?? '',
      host: incoming.headers.host ?? '',
      acceptEncoding,
      headers: headersOf(incoming),
      body: hasBody === undefined ? undefined : createNodeBody(incoming, 5000),
      id: 'request-1',
    })
    await writeReply(reply, outgoing)
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}${basePath}`,
    accessId: key.accessId,
    accessSecret: key.accessSecret.reveal(),
    memory,
    logged,
    change: (change) => {
      grant = { ...grant, ...change }
    },
    failGrants: (failing) => {
      isFailing = failing
    },
    shiftClock: (ms) => {
      shift = ms
    },
    tellAcceptEncoding: (value) => {
      acceptEncoding = value
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers()
  const raw = incoming.rawHeaders
  for (let i = 0; i + 1 < raw.length; i += 2) headers.append(raw[i] ?? '', raw[i + 1] ?? '')
  return headers
}

async function writeReply({ status, headers, body }: Reply, outgoing: ServerResponse) {
  outgoing.writeHead(status, Object.fromEntries(headers))
  if (body instanceof Uint8Array) outgoing.write(body)
  else if (body !== undefined) {
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      const piece = chunk
      await new Promise((resolve) => outgoing.write(piece, resolve))
    }
  }
  outgoing.end()
}
