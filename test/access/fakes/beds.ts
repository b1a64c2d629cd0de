import { createB2Minter } from '../../../src/access/b2.ts'
import { createR2Minter } from '../../../src/access/r2.ts'
import { onceBody } from '../../../src/bytes/once-body.ts'
import { Secret } from '../../../src/log.ts'
import type { OutgoingRequest, Platform } from '../../../src/platform.ts'
import { createNodePlatform } from '../../../src/runtimes/node-platform.ts'
import { createS3Store } from '../../../src/store/s3-store.ts'
import { b2Account, createFakeB2 } from './b2.ts'
import { createFakeR2 } from './r2.ts'
import { serveFetch } from './serve-fetch.ts'

export const r2Parent = {
  accountId: '0123456789abcdef0123456789abcdef',
  accessKeyId: 'f'.repeat(32),
  secretAccessKey: '5'.repeat(64),
  bucket: 'bulkway-r2',
} as const

/** A clock that stands until it is moved: `now` is changed directly, `advance` runs what waits. */
export class FakeClock {
  now = Date.now()
  #waiting: { at: number; done: () => void }[] = []

  wait(ms: number): Promise<void> {
    return new Promise((done) => this.#waiting.push({ at: this.now + ms, done }))
  }

  async advance(ms: number): Promise<void> {
    const end = this.now + ms
    for (;;) {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      const next = this.#waiting.sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > end) break
      this.#waiting.shift()
      this.now = Math.max(this.now, next.at)
      next.done()
    }
    this.now = end
  }
}

/** R2 behind a real server, its minter, and the gateway's own view of the bucket. */
export async function openR2(bucket: string = r2Parent.bucket) {
  const clock = new FakeClock()
  const now = () => clock.now
  const r2 = createFakeR2({ ...r2Parent, now })
  const server = await serveFetch(r2, now)
  const platform = { ...createNodePlatform(silent), now }
  const config = {
    ...storeConfig(server.url, bucket),
    accessKeyId: new Secret(r2Parent.accessKeyId),
    secretAccessKey: new Secret(r2Parent.secretAccessKey),
    r2: { accountId: r2Parent.accountId },
  }
  const minter = createR2Minter(config, platform)
  return { clock, r2, server, minter, store: openStore(config, platform), now }
}

/** B2 behind a real server, its minter, and the gateway's own view of the bucket. */
export async function openB2() {
  const clock = new FakeClock()
  const now = () => clock.now
  let url = ''
  const b2 = createFakeB2({ now, apiUrl: () => url.replace(/\/$/, '') })
  const server = await serveFetch(b2, now)
  url = server.url
  const platform = { ...createNodePlatform(silent), now }
  const config = b2Config(url.replace(/\/$/, ''), url)
  const minter = createB2Minter(config, { ...platform, wait: (ms) => clock.wait(ms) }, 10_000)
  return { clock, b2, server, minter, store: openStore(config, platform), now }
}

/** A B2 store whose native API is at `endpoint`. */
export function b2Config(endpoint: string, s3Url = 'https://s3.us-east-005.backblazeb2.com/') {
  const keyId = new Secret(b2Account.keyId)
  const applicationKey = new Secret(b2Account.applicationKey)
  return {
    ...storeConfig(s3Url, b2Account.bucket),
    accessKeyId: keyId,
    secretAccessKey: applicationKey,
    b2: { bucketId: b2Account.bucketId, endpoint, keyId, applicationKey },
  }
}

/** A platform whose requests go to a function; they never end by themselves. */
export function platformOf(
  clock: FakeClock,
  send: (request: Request) => Promise<Response>,
): Platform {
  return {
    ...createNodePlatform(silent),
    now: () => clock.now,
    wait: (ms) => clock.wait(ms),
    async send({ url, method, headers, body }: OutgoingRequest) {
      const bytes = body instanceof Uint8Array ? body.slice() : undefined
      const answer = await send(
        new Request(url, { method, headers, ...(bytes && { body: bytes }) }),
      )
      const read = new Uint8Array(await answer.arrayBuffer())
      return { status: answer.status, headers: answer.headers, body: onceBody(read) }
    },
  }
}

const silent = { write: () => {} }

function storeConfig(url: string, bucket: string) {
  const endpoint = url.replace(/\/$/, '')
  return {
    id: 'main',
    kind: 's3',
    endpoint,
    region: 'auto',
    bucket,
    pathStyle: true,
    presign: true,
  } as const
}

function openStore(config: Parameters<typeof createS3Store>[0], platform: Platform) {
  return createS3Store(config, platform, { idleTimeoutMs: 10_000, presignSeconds: 900 })
}
