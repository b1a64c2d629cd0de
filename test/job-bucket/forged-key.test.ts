import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeBase32 } from '../../src/bytes/base32.ts'
import { presign, sendAsIs, signHeaders } from './raw-client.ts'
import { type ServedBucket, serveBucket } from './serve-bucket.ts'

// Access ids that are almost one: the forger knows the real one and its secret.
let served: ServedBucket

beforeAll(async () => {
  served = await serveBucket()
  served.memory.put('real-day/real-grant/in/x', 'hello')
})

afterAll(() => served[Symbol.asyncDispose]())

const of = (kid: string, id: Uint8Array, length = kid.length) =>
  `BW1${encodeBase32(Uint8Array.of(length, ...Buffer.from(kid), ...id))}`
const grant = Uint8Array.from({ length: 16 }, (_, i) => (i === 1 ? 1 : 0))
const last = (id: string, by: number) =>
  id.slice(0, -1) + String.fromCharCode(id.charCodeAt(id.length - 1) + by)

const forgeries: readonly (readonly [string, (id: string) => string])[] = [
  ['in lower case', (id) => id.toLowerCase()],
  ['with its prefix in lower case', (id) => `bw1${id.slice(3)}`],
  ['with one letter in lower case', (id) => id.slice(0, -1) + id.slice(-1).toLowerCase()],
  ['with other padding bits', (id) => last(id, 1)],
  ['with padding', (id) => `${id}=`],
  ['without its last character', (id) => id.slice(0, -1)],
  ['without its first character', (id) => id.slice(1)],
  ['with a character appended', (id) => `${id}A`],
  ['with eight characters appended', (id) => `${id}AAAAAAAA`],
  ['with a slash appended', (id) => `${id}/`],
  ['with another id before a slash', (id) => `other/${id}`],
  ['twice', (id) => id + id],
  ['with another prefix', (id) => `BW2${id.slice(3)}`],
  ['of a prefix alone', () => 'BW1'],
  ['of AWS', () => 'AKIAIOSFODNN7EXAMPLE'],
  ['of another kid', () => of('k2', grant)],
  ['of an empty kid', () => of('', grant)],
  ['of a longer kid', () => of('k1', grant, 3)],
  ['of a kid that is no text', () => of('k1', grant).replace(/^BW1../, 'BW1BB')],
  ['of a kid that every object has', () => of('__proto__', grant)],
  ['of another grant', () => of('k1', grant.with(15, 1))],
  ['of a grant of another day', () => of('k1', grant.with(0, 9))],
  ['of a grant id too short', () => of('k1', grant.subarray(1))],
  ['of a grant id too long', () => of('k1', Uint8Array.of(...grant, 0))],
  ['percent-encoded', (id) => `%42${id.slice(1)}`],
  ['of 8,000 characters', (id) => `${id}${'A'.repeat(8000 - id.length)}`],
]
// Upper case makes these the letters they look like, or not at all.
const lookAlikes: typeof forgeries = [
  ['with a dotless i', (id) => `${id.slice(0, 3)}\u0131${id.slice(4)}`],
  ['with a long s', (id) => `${id.slice(0, 3)}\u017f${id.slice(4)}`],
  ['with a Cyrillic A', (id) => id.replace('A', '\u0410')],
  ['with a wide A', (id) => id.replace('A', '\uff21')],
  ['with a joiner', (id) => `${id}\u200d`],
  ['with a lone half of a character behind', (id) => `${id}\ufffd`],
]

async function expectRefused(answer: ReturnType<typeof sendAsIs>) {
  const { status, code, text } = await answer
  expect(status).toBe(403)
  expect(['InvalidAccessKeyId', 'SignatureDoesNotMatch']).toContain(code)
  for (const told of [text, JSON.stringify(served.logged)]) {
    expect(told).not.toContain(served.accessSecret)
    expect(told).not.toContain('real-')
  }
}

test.for(forgeries)('refuses in the header an access id %s', async ([, forge]) => {
  const signer = { ...served, accessId: forge(served.accessId) }
  const { headers } = signHeaders(signer, { target: '/b/in/x' })
  await expectRefused(sendAsIs(served, { target: '/b/in/x', headers }))
})

test.for(lookAlikes)('refuses in the header an access id %s', async ([, forge]) => {
  const bytes = Buffer.from(forge(served.accessId)).toString('latin1')
  const { headers } = signHeaders({ ...served, accessId: bytes }, { target: '/b/in/x' })
  await expectRefused(sendAsIs(served, { target: '/b/in/x', headers }))
})

test.for([...forgeries, ...lookAlikes])(
  'refuses in the query an access id %s',
  async ([, forge]) => {
    const signer = { ...served, accessId: forge(served.accessId) }
    await expectRefused(
      sendAsIs(served, { target: presign(signer, { target: '/b/in/x', seconds: 60 }) }),
    )
  },
)

test('reads an access id in the query decoded once, and no more', async () => {
  const target = presign(served, { target: '/b/in/x', seconds: 60 })
  const once = target.replace('Credential=B', 'Credential=%42')
  expect((await sendAsIs(served, { target: once })).status).toBe(200)
  await expectRefused(sendAsIs(served, { target: once.replace('%42', '%2542') }))
})

test('does not take the right access id with another secret', async () => {
  const { headers } = signHeaders(
    { ...served, accessSecret: `${served.accessSecret}A` },
    { target: '/b/in/x' },
  )
  await expectRefused(sendAsIs(served, { target: '/b/in/x', headers }))
  const trimmed = { ...served, accessSecret: served.accessSecret.slice(0, -1) }
  const target = presign(trimmed, { target: '/b/in/x', seconds: 60 })
  await expectRefused(sendAsIs(served, { target }))
})
