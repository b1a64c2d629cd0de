import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { GrantToMint, Minted, Minter } from '../../src/access/minter.ts'
import { encodeBase32 } from '../../src/bytes/base32.ts'
import { inputPrefix, outputPrefix } from '../../src/store/keys.ts'
import type { ObjectStore } from '../../src/store/store.ts'
import { createS3Worker, type Fetch, type WorkerAnswer, type WorkerRequest } from './s3-worker.ts'

/** A minter and the store whose keys it issues. */
export interface MinterBed {
  readonly minter: Minter
  /** The same bucket as the gateway sees it. */
  readonly store: ObjectStore
  now(): number
  /** Where workers' requests go; default `fetch`. */
  readonly fetch?: Fetch
  /** Lets keys expire, where the store's clock can be moved. */
  expire?(expiresAt: number): Promise<void>
}

/** What a store can tell apart. */
export interface MinterTraits {
  /** False: keys are good for one prefix as a whole, inputs in it can be written too. */
  readonly keepsInputs: boolean
  /** True: a copy's source is checked like a read of its own. */
  readonly copies: boolean
  /** Bytes of a part that need not be the last. */
  readonly partBytes: number
}

const encoder = new TextEncoder()

/** What the keys of one job must do and must not do, whoever issues them. */
export function minterContract(name: string, open: () => MinterBed, traits: MinterTraits): void {
  describe(`${name} as a minter`, () => {
    let bed: MinterBed
    let grant: GrantToMint
    let minted: Minted
    let ask: (request: WorkerRequest) => Promise<WorkerAnswer>
    const other = grantOf(Date.now())
    const otherIn = inputPrefix(other)
    const otherOut = outputPrefix(other)
    let own: { readonly in: string; readonly out: string }

    const status = async (request: WorkerRequest) => (await ask(request)).status
    const exists = async (key: string) => (await bed.store.get(key, 1024)) !== undefined
    const list = (prefix?: string) =>
      ask({ query: { 'list-type': '2', ...(prefix !== undefined && { prefix }) } })

    beforeAll(async () => {
      bed = open()
      grant = grantOf(bed.now())
      own = { in: inputPrefix(grant), out: outputPrefix(grant) }
      for (const key of [`${own.in}0-file.png`, `${otherIn}0-file.png`, `${otherOut}result.png`]) {
        await bed.store.put(key, encoder.encode(`bytes of ${key}`))
      }
      minted = await bed.minter.mint(grant)
      ask = createS3Worker(minted.s3Config, () => bed.now(), bed.fetch)
    }, 60_000)

    test('says when its keys expire, not before the job has to be done', () => {
      expect(minted.expiresAt).toBeGreaterThanOrEqual(grant.writeExpiresAt - 1000)
      const longest = Math.max(bed.minter.shortestSeconds, 3600 + 120)
      expect(minted.expiresAt).toBeLessThanOrEqual(bed.now() + longest * 1000)
    })

    test('names the bucket, and the prefix that outputs must have', () => {
      expect(minted.s3Config.keyPrefix).toBe(own.out)
      expect(minted.s3Config.endpointUrl).not.toMatch(/\/$/)
    })

    test('names every secret of its keys', () => {
      const { accessSecret, sessionToken } = minted.s3Config
      const named = minted.secrets.map(({ value }) => value.reveal())
      expect(named).toContain(accessSecret.reveal())
      if (sessionToken !== undefined) expect(named).toContain(sessionToken.reveal())
    })

    test('reads an input, whole and in part', async () => {
      const key = `${own.in}0-file.png`
      expect(await ask({ key })).toMatchObject({ status: 200, text: `bytes of ${key}` })
      const part = await ask({ key, headers: { range: 'bytes=0-4' } })
      expect(part).toMatchObject({ status: 206, text: 'bytes' })
      expect(await status({ method: 'HEAD', key })).toBe(200)
    })

    test.runIf(traits.keepsInputs)('may not write, delete or add an input', async () => {
      const key = `${own.in}0-file.png`
      expect(await status({ method: 'PUT', key, body: 'x' })).toBe(403)
      expect(await status({ method: 'DELETE', key })).toBe(403)
      expect(await status({ method: 'PUT', key: `${own.in}1-more.png`, body: 'x' })).toBe(403)
      expect(await status({ method: 'POST', key, query: { uploads: '' } })).toBe(403)
      expect((await bed.store.get(key, 1024))?.bytes).toEqual(encoder.encode(`bytes of ${key}`))
      expect(await exists(`${own.in}1-more.png`)).toBe(false)
    })

    test('writes, reads and deletes an output, whatever its name', async () => {
      for (const path of ['result.png', 'a/b/c d+e%20é.bin']) {
        const key = own.out + path
        expect(await status({ method: 'PUT', key, body: 'made' })).toBe(200)
        expect(await ask({ key })).toMatchObject({ status: 200, text: 'made' })
        expect([200, 204]).toContain(await status({ method: 'DELETE', key }))
        expect(await exists(key)).toBe(false)
      }
    })

    test('writes an output in parts', async () => {
      const key = `${own.out}large.bin`
      const uploadId = await begin(key)
      const parts: string[] = []
      for (const [index, body] of [new Uint8Array(traits.partBytes), 'end'].entries()) {
        const query = { partNumber: String(index + 1), uploadId }
        const { status, headers } = await ask({ method: 'PUT', key, query, body })
        expect(status).toBe(200)
        const etag = headers.get('etag')?.replaceAll('"', '&quot;')
        parts.push(`<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
      }
      expect(await status({ key, query: { uploadId } })).toBe(200)
      const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
      expect(await status({ method: 'POST', key, query: { uploadId }, body })).toBe(200)
      const size = (await ask({ method: 'HEAD', key })).headers.get('content-length')
      expect(size).toBe(String(traits.partBytes + 3))
      await bed.store.delete(key)
    }, 60_000)

    test('gives up an output in parts', async () => {
      const key = `${own.out}given-up.bin`
      const uploadId = await begin(key)
      expect(await status({ method: 'DELETE', key, query: { uploadId } })).toBe(204)
      expect(await exists(key)).toBe(false)
    })

    test('may not touch the files of another job', async () => {
      for (const key of [`${otherIn}0-file.png`, `${otherOut}result.png`]) {
        expect(await status({ key })).toBe(403)
        expect(await status({ method: 'HEAD', key })).toBe(403)
        expect(await status({ method: 'PUT', key, body: 'x' })).toBe(403)
        expect(await status({ method: 'DELETE', key })).toBe(403)
        expect(await status({ method: 'POST', key, query: { uploads: '' } })).toBe(403)
        expect((await bed.store.get(key, 1024))?.bytes).toEqual(encoder.encode(`bytes of ${key}`))
      }
    })

    test('may not reach a folder whose name only begins like its own', async () => {
      const folder = `${grant.day}/${grant.grantId}`
      // A key for one prefix is good for all of the job's folder.
      const folders =
        bed.minter.scope === 'prefix' ? [folder] : [folder, `${folder}/in`, `${folder}/out`]
      for (const prefix of folders) {
        const key = `${prefix}side/x`
        expect(await status({ method: 'PUT', key, body: 'x' })).toBe(403)
        // What is not there may be a 404 all the same.
        await bed.store.put(key, encoder.encode('x'))
        expect(await status({ key })).toBe(403)
      }
      expect(await status({ method: 'PUT', key: 'x', body: 'x' })).toBe(403)
      const sealed = `grants/${grant.day}/${grant.grantId}`
      await bed.store.put(sealed, encoder.encode('sealed'))
      expect(await status({ key: sealed })).toBe(403)
    })

    test.runIf(traits.copies)('copies what it may read, and nothing else', async () => {
      const key = `${own.out}copied.png`
      const copy = (source: string) => {
        const from = `/${minted.s3Config.bucketName}/${source}`
        return status({ method: 'PUT', key, headers: { 'x-amz-copy-source': from } })
      }
      expect(await copy(`${own.in}0-file.png`)).toBe(200)
      await bed.store.delete(key)
      expect(await copy(`${otherIn}0-file.png`)).toBe(403)
      expect(await exists(key)).toBe(false)
    })

    test('lists its own outputs, and no more than its own', async () => {
      await bed.store.put(`${own.out}listed.png`, encoder.encode('x'))
      const page = await list(own.out)
      expect(page.status).toBe(200)
      expect(page.text).toContain(`${own.out}listed.png`)
      expect(page.text).not.toContain(other.grantId)
      for (const prefix of [undefined, '', `${grant.day}/`, 'grants/', otherOut, otherIn]) {
        const refused = await list(prefix)
        expect([prefix, refused.status]).toEqual([prefix, 403])
        expect(refused.text).not.toContain(other.grantId)
      }
    })

    test('may do nothing with the bucket itself', async () => {
      const body = '<x/>'
      // Without it some stores find fault with the request before they ask whose it is.
      const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
      for (const query of ['acl', 'policy', 'lifecycle', 'cors', 'versioning']) {
        const refused = await status({ method: 'PUT', query: { [query]: '' }, headers, body })
        expect([query, refused]).toEqual([query, 403])
      }
      expect(await status({ method: 'DELETE' })).toBe(403)
      expect(await exists(`${own.in}0-file.png`)).toBe(true)
    })

    test('is refused with another secret', async () => {
      const { s3Config } = minted
      const accessSecret = (await bed.minter.mint(grantOf(bed.now()))).s3Config.accessSecret
      const forged = createS3Worker({ ...s3Config, accessSecret }, () => bed.now(), bed.fetch)
      const answer = await forged({ key: `${own.in}0-file.png` })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    })

    test('is refused without its session token, or with that of another job', async () => {
      const { sessionToken: _left, ...rest } = minted.s3Config
      if (minted.s3Config.sessionToken === undefined) return
      const elsewhere = (await bed.minter.mint(other)).s3Config.sessionToken
      const token = elsewhere && { sessionToken: elsewhere }
      for (const s3Config of [rest, { ...rest, ...token }]) {
        const worker = createS3Worker(s3Config, () => bed.now(), bed.fetch)
        const answer = await worker({ key: `${own.in}0-file.png` })
        expect(answer.status).toBeGreaterThanOrEqual(400)
        expect(answer.status).toBeLessThan(500)
      }
    })

    test('gives each job keys of its own', async () => {
      const { s3Config } = await bed.minter.mint(other)
      const worker = createS3Worker(s3Config, () => bed.now(), bed.fetch)
      expect((await worker({ key: `${otherIn}0-file.png` })).status).toBe(200)
      expect((await worker({ key: `${own.in}0-file.png` })).status).toBe(403)
    })

    test('makes keys useless before their time where it says so, also twice', async () => {
      const { minter } = bed
      const { s3Config, revocation } = await minter.mint(grant)
      if (revocation === undefined || minter.revoke === undefined) return
      await minter.revoke(revocation)
      await minter.revoke(revocation)
      const worker = createS3Worker(s3Config, () => bed.now(), bed.fetch)
      const answer = await worker({ key: `${own.in}0-file.png` })
      expect([400, 401, 403]).toContain(answer.status)
    })

    // The last one: nothing works afterwards.
    test('is refused once its keys have expired', async () => {
      if (bed.expire === undefined) return
      await bed.expire(minted.expiresAt)
      expect([400, 401, 403]).toContain(await status({ key: `${own.in}0-file.png` }))
      const written = await status({ method: 'PUT', key: `${own.out}late.png`, body: 'x' })
      expect([400, 401, 403]).toContain(written)
      expect(await exists(`${own.out}late.png`)).toBe(false)
    })

    async function begin(key: string): Promise<string> {
      const { status, text } = await ask({ method: 'POST', key, query: { uploads: '' } })
      expect(status).toBe(200)
      return /<UploadId>([^<]+)<\/UploadId>/.exec(text)?.[1] ?? ''
    }
  })
}

/** A grant as jobs have it: inputs and outputs in one folder of its own. */
export function grantOf(now: number): GrantToMint {
  const day = '2026-11-23'
  const grantId = encodeBase32(crypto.getRandomValues(new Uint8Array(16))).toLowerCase()
  const folder = { day, grantId }
  return {
    ...folder,
    kid: 'k1',
    endpointId: 'demo',
    writeExpiresAt: now + 1_800_000,
    mounts: [
      { path: 'in/', key: inputPrefix(folder), mode: 'read' },
      { path: '', key: outputPrefix(folder), mode: 'read-write' },
    ],
  }
}
