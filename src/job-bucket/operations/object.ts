import type { Reply } from '../../platform.ts'
import { resolveKey } from '../authorise.ts'
import type { Call } from '../call.ts'
import { askStore, storeError } from '../store-answer.ts'
import { answerHeaders, newObjectHeaders, readHeaders, writeConditions } from './object-headers.ts'
import { sendUpload } from './send-upload.ts'

/** GetObject: the store's stream, with the headers that S3 clients count on. */
export async function getObject(call: Call): Promise<Reply> {
  return await readObject(call, 'GET')
}

/** HeadObject. */
export async function headObject(call: Call): Promise<Reply> {
  return await readObject(call, 'HEAD')
}

async function readObject(call: Call, method: 'GET' | 'HEAD'): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'read')
  const answer = await askStore(call, { method, key, headers: readHeaders(call.headers) })
  const { status } = answer
  if (status !== 200 && status !== 206 && status !== 304) {
    throw await storeError(answer, 'NoSuchKey')
  }
  const headers = answerHeaders(answer.headers, status, call.target.query)
  if (method === 'GET' && status !== 304) return { status, headers, body: answer.body }
  await answer.body.cancel()
  return { status, headers }
}

/** PutObject. */
export async function putObject(call: Call): Promise<Reply> {
  const key = resolveKey(call.grant, call.target.key, 'write')
  const { etag } = await sendUpload(call, {
    key,
    headers: {
      ...newObjectHeaders(call.headers, call.target.query),
      ...writeConditions(call.headers),
    },
    absent: 'NoSuchKey',
  })
  return { status: 200, headers: new Headers({ etag, 'content-length': '0' }) }
}
