import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Call } from '../../../src/flows/deps.ts'
import { completeUpload } from '../../../src/flows/uploads/complete-upload.ts'
import { startUpload } from '../../../src/flows/uploads/start-upload.ts'
import type { Reply } from '../../../src/platform.ts'
import { etagOfPart } from '../../intake/memory-store.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'
import { readReply } from '../read-reply.ts'

/** An upload that a test has started. */
export interface Started {
  readonly uploadId: string
  readonly ref: string
  readonly partSize: number
  readonly partCount: number
  readonly parts: readonly { partNumber: number; size: number; url: string; headers: object }[]
  readonly urlsExpireAt: string
  readonly expiresAt: string
}

/** A gateway whose parts are as small as the configuration lets them be. */
export function uploadGateway(
  uploads: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): FakeGateway {
  return fakeGateway({ uploads: { partBytes: 5_242_880, ...uploads }, ...more })
}

/** A JSON answer, read. */
export async function jsonOf(reply: Reply): Promise<Record<string, unknown>> {
  return JSON.parse(await readReply(reply))
}

/** A call with a JSON body. */
export function asking(body?: unknown, key = 'a-key', endpointId = 'demo'): Call {
  const headers = { authorization: `Bearer ${key}` }
  return callOf(endpointId, body === undefined ? undefined : JSON.stringify(body), headers)
}

/** Starts an upload, as it must go. */
export async function started(
  gateway: FakeGateway,
  request: Record<string, unknown>,
): Promise<Started> {
  const reply = await startUpload(gateway.deps, asking(request))
  const answer = JSON.parse(await readReply(reply))
  expect(reply.status, JSON.stringify(answer)).toBe(201)
  return answer
}

/** Puts a part into the store, as a client does by its URL; gives what it reports. */
export async function putPart(gateway: FakeGateway, { url }: { url: string }, bytes: Uint8Array) {
  const { searchParams, pathname } = new URL(url)
  const key = decodeURIComponent(pathname.replace('/bucket/', ''))
  const partNumber = Number(searchParams.get('partNumber'))
  await gateway.store.uploadPart(key, searchParams.get('uploadId') ?? '', partNumber, bytes)
  return { partNumber, etag: etagOfPart(bytes) }
}

/** Completes an upload. */
export function completing(
  gateway: FakeGateway,
  uploadId: string,
  body: Record<string, unknown>,
  deps = gateway.deps,
): Promise<Reply> {
  return completeUpload(deps, asking(body), uploadId)
}

/** A complete upload of these bytes, small ones. */
export async function uploaded(
  gateway: FakeGateway,
  bytes: Uint8Array,
  request: Record<string, unknown> = {},
): Promise<Started> {
  const upload = await started(gateway, { size: bytes.length, ...request })
  const [part] = upload.parts
  if (part === undefined) throw new TypeError('There is no part')
  const parts = [await putPart(gateway, part, bytes)]
  expect((await completing(gateway, upload.uploadId, { parts })).status).toBe(200)
  return upload
}

/** Files that are kept and those that lie in a day's folder, by the last part of their key. */
export function filesOf({ store }: FakeGateway): [name: string, text: string][] {
  return [...store.objects]
    .filter(([key]) => /^(persist\/|\d{4}-)/.test(key))
    .map(([key, { bytes }]) => [key.split('/').at(-1) ?? '', Buffer.from(bytes).toString()])
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
