import type { IncomingResponse } from '../../platform.ts'
import type { StoreSend } from '../s3-operations.ts'
import { readCompleted, readUploadId, writeParts } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
import { storeUnavailable } from '../store-fault.ts'
import { holdAnswer, xmlAnswer } from './held-answer.ts'
import { look } from './look.ts'
import { volumeLimits } from './volume-limits.ts'

const answerMaxBytes = 65_536

/**
 * Makes each PUT of a file an upload of one part: a volume writes what is PUT in place, so that a
 * reader sees the file grow, and a writer who dies leaves half of it where a whole one was. An empty
 * file has no half, and what the volume refuses in one piece is left to be refused.
 */
export function wholePuts(send: StoreSend): StoreSend {
  return async (request) => {
    return isPut(request) && !isRefused(request) ? await putWhole(send, request) : send(request)
  }
}

async function putWhole(send: StoreSend, request: StoreRequest): Promise<IncomingResponse> {
  const { key, headers = {}, signal } = request
  const { ofPart, ofFile } = splitHeaders(headers)
  const create = { method: 'POST', key, query: { uploads: '' }, headers: ofFile } as const
  // Given up, it would leave an upload whose id nobody knows.
  const created = await holdAnswer(
    await send({ ...create, body: new Uint8Array(0) }),
    answerMaxBytes,
  )
  if (created.status >= 300) return created.answer
  const uploadId = readUploadId(created.text)
  if (uploadId === undefined) throw storeUnavailable(new Error('The upload has no id'))

  async function write(uploadId: string): Promise<IncomingResponse> {
    const query = { partNumber: '1', uploadId }
    const part = await send({ ...request, query, headers: ofPart })
    if (part.status >= 300) return part
    await part.body.cancel()
    const etag = part.headers.get('etag')
    if (etag === null) throw storeUnavailable(new Error('The part has no ETag'))
    const named = new TextEncoder().encode(writeParts([{ partNumber: 1, etag }]))
    const complete = { method: 'POST', key, query: { uploadId }, body: named } as const
    const type = { 'content-type': 'application/xml' }
    return await send({ ...complete, headers: type, ...(signal && { signal }) })
  }

  let isWhole = false
  try {
    const answer = await write(uploadId)
    if (answer.status >= 300) return answer
    const held = await holdAnswer(answer, answerMaxBytes)
    const completed = readCompleted(held.text)
    // A store that has begun to answer 200 can only say in the body that it failed.
    if (completed === undefined) throw storeUnavailable(new Error('The file was not completed'))
    isWhole = true
    const etag = completed === '' ? (await look(send, key, signal))?.etag : completed
    return xmlAnswer(200, '', new Headers(etag === undefined ? {} : { etag }))
  } finally {
    if (!isWhole) await abort(send, key, uploadId)
  }
}

/** What is not aborted now, the sweep aborts later. */
async function abort(send: StoreSend, key: string, uploadId: string): Promise<void> {
  const aborted = send({ method: 'DELETE', key, query: { uploadId } })
  await aborted.then(({ body }) => body.cancel()).catch(() => {})
}

function isPut({ method, query = {}, copyFrom, body }: StoreRequest): boolean {
  const isWhole = copyFrom === undefined && Object.keys(query).length === 0
  return method === 'PUT' && isWhole && body !== undefined && body.length !== 0
}

function isRefused({ headers = {}, body }: StoreRequest): boolean {
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  const isConditional = names.includes('if-match') || names.includes('if-none-match')
  return isConditional || (body?.length ?? 0) > volumeLimits.putMaxBytes
}

/** Sums are of the bytes, and go with the part; the rest is said of the file. */
function splitHeaders(headers: Readonly<Record<string, string>>) {
  const entries = Object.entries(headers)
  const isSum = ([name]: [string, string]) => /^(content-md5|x-amz-checksum-.*)$/i.test(name)
  return {
    ofPart: Object.fromEntries(entries.filter(isSum)),
    ofFile: Object.fromEntries(entries.filter((entry) => !isSum(entry))),
  }
}
