import { b2Account, createFakeB2, type FakeB2 } from '../access/fakes/b2.ts'
import { answer } from '../intake/memory-store.ts'
import { type FakeGateway, fakeGateway, type Sent } from './fake-deps.ts'

const json = { 'content-type': 'application/json' }
const secret = { env: 'ANY' }
const store = {
  ...{ kind: 's3', region: 'auto', bucket: 'bulkway-b2' },
  ...{ accessKeyId: secret, secretAccessKey: secret },
}

/** A gateway whose store issues keys of its own, and the API of B2 that makes them. */
export interface NativeBed {
  readonly gateway: FakeGateway
  readonly b2: FakeB2
  /** What upstream answers; the store's own API answers for itself. */
  platform: (sent: Sent) => ReturnType<FakeGateway['upstream']>
}

/** Jobs of `demo` with the keys of B2. */
export function openB2(endpoint: object = {}): NativeBed {
  return open({ access: 'b2', ...endpoint }, 'https://s3.us-east-005.backblazeb2.com', {
    b2: { bucketId: b2Account.bucketId },
  })
}

/** Jobs of `demo` with the keys of R2. */
export function openR2(endpoint: object = {}): NativeBed {
  const url = `https://${'0'.repeat(32)}.r2.cloudflarestorage.com`
  return open({ access: 'r2', s3ConfigFields: { sessionToken: 'token' }, ...endpoint }, url, {})
}

function open(endpoint: object, endpointUrl: string, block: object): NativeBed {
  const gateway = fakeGateway({
    stores: { main: { ...store, endpoint: endpointUrl, ...block } },
    endpoints: {
      '*': { upstream: 'https://upstream.example/v2', store: 'main' },
      demo: { as: 'key', stage: 'always', ...endpoint },
    },
  })
  const now = () => gateway.clock.now
  const apiUrl = () => 'https://api001.backblazeb2.com'
  const b2 = createFakeB2({ now, apiUrl, pair: 'any-secret:any-secret' })
  const bed: NativeBed = {
    gateway,
    b2,
    platform: ({ url }) => answer(200, url.endsWith('/run') ? queued : '{}', json),
  }
  gateway.upstream = async (sent) => {
    if (!sent.url.includes('/b2api/')) return await bed.platform(sent)
    const { url, method, headers, body } = sent
    const bytes = body && new Uint8Array(body)
    const given = await b2(new Request(url, { method, headers, ...(bytes && { body: bytes }) }))
    return answer(given.status, new Uint8Array(await given.arrayBuffer()))
  }
  return bed
}

const queued = '{"id":"job-1","status":"IN_QUEUE"}'
