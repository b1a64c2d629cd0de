import { GatewayError } from '../../errors.ts'
import type { IncomingResponse } from '../../platform.ts'
import type { StoreSend } from '../s3-operations.ts'
import { readParts, readUploadId, writeParts } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
import { StoreAnswer, storeUnavailable } from '../store-fault.ts'
import { holdAnswer, xmlAnswer } from './held-answer.ts'
import { look } from './look.ts'
import {
  createdXml,
  differ,
  errorXml,
  joinEtags,
  joinIds,
  splitEtags,
  splitIds,
} from './mirror-xml.ts'
import { listMirroredParts, listMirroredUploads } from './mirrored-lists.ts'
import { teeBody } from './tee-body.ts'

const answerMaxBytes = 1024 * 1024

/**
 * Sends what is written to all volumes, in one pass over the bytes, and asks the first that has it
 * for what is read. What fails on one volume has failed, and is the caller's to undo, as elsewhere.
 */
export function createMirroredSend(sends: readonly StoreSend[]): StoreSend {
  return async (request) => {
    const { method, query = {} } = request
    const { uploadId } = query
    const ids = uploadId === undefined ? undefined : splitIds(uploadId, sends.length)
    if (uploadId !== undefined && ids === undefined) {
      return xmlAnswer(404, errorXml('NoSuchUpload', 'There is no such upload'))
    }
    const requests = sends.map((_, index) => own(request, ids?.[index]))
    if (method === 'GET' && ids !== undefined) return await listMirroredParts(sends, requests)
    if (method === 'GET' && 'uploads' in query) return await listMirroredUploads(sends, request)
    if (method === 'GET' || method === 'HEAD') return await readFirst(sends, request)
    if (method === 'DELETE') return await deleteAll(sends, requests)
    if (method === 'PUT') return await writeAll(sends, request, requests)
    return ids === undefined
      ? await createAll(sends, request)
      : await completeAll(sends, request, requests)
  }
}

function own(request: StoreRequest, uploadId: string | undefined): StoreRequest {
  return uploadId === undefined ? request : { ...request, query: { ...request.query, uploadId } }
}

/** Whoever has not what is asked for may be behind, or a worker may have written elsewhere. */
async function readFirst(
  sends: readonly StoreSend[],
  request: StoreRequest,
): Promise<IncomingResponse> {
  let failed: { readonly error: unknown } | undefined
  let refused: IncomingResponse | undefined
  for (const send of sends) {
    try {
      const answer = await send(request)
      if (answer.status < 400) {
        await refused?.body.cancel()
        return answer
      }
      // That a file is missing is said at the last, for the others may have failed to say more.
      const keep = refused === undefined || refused.status === 404 ? answer : refused
      await (keep === answer ? refused : answer)?.body.cancel()
      refused = keep
    } catch (error) {
      failed ??= { error }
    }
  }
  if (failed === undefined && refused !== undefined) return refused
  await refused?.body.cancel()
  throw failed?.error
}

async function writeAll(
  sends: readonly StoreSend[],
  request: StoreRequest,
  requests: readonly StoreRequest[],
): Promise<IncomingResponse> {
  const { body, signal } = request
  const bodies =
    body === undefined || body instanceof Uint8Array ? undefined : teeBody(body, sends.length)
  const over = new AbortController()
  const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
  const answers = await all(
    sends.map(async (send, index) => {
      const branch = bodies?.[index]
      const whole = requests[index] ?? request
      const one = branch === undefined ? whole : { ...whole, body: branch, signal: either }
      try {
        const answer = await send(one)
        // The others would wait for this one's turn to read.
        if (answer.status >= 300) await branch?.cancel()
        return answer
      } catch (error) {
        await branch?.cancel(error)
        throw error
      }
    }),
    // What is sent at once is waited for: given up, it might take effect after it is undone.
    () => over.abort(),
  )
  const etags = answers.map(({ headers }) => headers.get('etag'))
  const [first] = answers
  const isAbsent = answers.map(({ status }) => status === 404)
  if (request.copyFrom !== undefined && isAbsent.includes(true) && isAbsent.includes(false)) {
    await keep(answers)
    throw unequal('PUT copy', 'not all volumes have what is to be copied')
  }
  if (first === undefined || first.status >= 300 || etags.includes(null)) return await keep(answers)
  const known = etags.flatMap((etag) => etag ?? [])
  if (differ(known)) {
    await keep(answers)
    throw unequal('PUT', 'the volumes got different bytes')
  }
  const headers = new Headers(first.headers)
  headers.set('etag', joinEtags(known))
  return { ...(await keep(answers)), headers }
}

async function createAll(
  sends: readonly StoreSend[],
  request: StoreRequest,
): Promise<IncomingResponse> {
  const held = await Promise.allSettled(
    sends.map(async (send) => await holdAnswer(await send(request), answerMaxBytes)),
  )
  const ids = held.map((one) =>
    one.status === 'fulfilled' ? readUploadId(one.value.text) : undefined,
  )
  if (!ids.includes(undefined))
    return xmlAnswer(200, createdXml(joinIds(ids.flatMap((id) => id ?? []))))
  // An upload that nobody knows the id of stays open for good.
  await Promise.allSettled(
    ids.map(async (uploadId, index) => {
      if (uploadId === undefined) return
      const abort = { method: 'DELETE', key: request.key, query: { uploadId } } as const
      await (await sends[index]?.(abort))?.body.cancel()
    }),
  )
  const failed = held.find((_, index) => ids[index] === undefined)
  if (failed?.status === 'rejected') throw failed.reason
  return failed?.value.answer ?? xmlAnswer(500, errorXml('InternalError', 'No volume'))
}

/** Completes on every volume; one that was completed before knows the upload no more, but has the file. */
async function completeAll(
  sends: readonly StoreSend[],
  request: StoreRequest,
  requests: readonly StoreRequest[],
): Promise<IncomingResponse> {
  const { body, key } = request
  const parts = body instanceof Uint8Array ? readParts(new TextDecoder().decode(body)) : []
  const settled = await Promise.allSettled(
    sends.map(async (send, index) => {
      const named = parts.map(({ partNumber, etag }) => {
        return { partNumber, etag: splitEtags(etag, sends.length)[index] ?? etag }
      })
      const own = new TextEncoder().encode(writeParts(named))
      return await holdAnswer(
        await send({ ...(requests[index] ?? request), body: own }),
        answerMaxBytes,
      )
    }),
  )
  const answers = settled.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
  const refused = answers.find(({ status }) => status >= 300 && status !== 404)
  if (refused !== undefined) return refused.answer
  const absent = answers.find(({ status }) => status === 404)
  if (absent !== undefined) {
    const seen = await Promise.all(sends.map((send) => look(send, key)))
    if (seen.every((one) => one === undefined)) return absent.answer
    if (new Set(seen.map((one) => one?.size)).size > 1) {
      throw unequal('POST', 'not all volumes have the file')
    }
  }
  // The ETags of the parts were compared; those of the whole are each volume's own.
  return (answers.find(({ status }) => status < 300) ?? answers[0])?.answer ?? xmlAnswer(500, '')
}

async function deleteAll(
  sends: readonly StoreSend[],
  requests: readonly StoreRequest[],
): Promise<IncomingResponse> {
  const asked = sends.flatMap((send, index) => {
    const request = requests[index]
    // An upload that a volume never had.
    return request === undefined || request.query?.['uploadId'] === '' ? [] : [send(request)]
  })
  const answers = await all(asked)
  // What is gone from one was deleted from the others just now.
  const isRefused = answers.some(({ status }) => status >= 300 && status !== 404)
  const done = isRefused ? undefined : answers.find(({ status }) => status < 300)
  return await keep(answers, done)
}

/** All answers, in order; the error that says most when all have come to an end. */
async function all(
  asked: readonly Promise<IncomingResponse>[],
  onFault: () => void = () => {},
): Promise<readonly IncomingResponse[]> {
  const failed: unknown[] = []
  const settled = await Promise.all(
    asked.map((one) =>
      one
        .then((answer) => {
          if (answer.status >= 300) onFault()
          return answer
        })
        .catch((error: unknown) => {
          failed.push(error)
          onFault()
          return undefined
        }),
    ),
  )
  const answers = settled.flatMap((answer) => answer ?? [])
  const refused = answers.find(({ status }) => status >= 300)
  // A refusal ends the others, whose errors then say nothing.
  if (failed.length === 0 || refused !== undefined) return answers
  await Promise.all(answers.map(({ body }) => body.cancel()))
  // The others' bodies end with the first, perhaps before it has said why.
  throw failed.find((error) => !isBroken(error)) ?? failed[0]
}

function isBroken(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'store_unavailable'
}

function unequal(operation: string, message: string): GatewayError {
  return storeUnavailable(new StoreAnswer(operation, 424, 'Unequal', message))
}

/** One answer for all: the refusal that says most, or the first; the bodies of the others are dropped. */
async function keep(
  answers: readonly IncomingResponse[],
  best?: IncomingResponse,
): Promise<IncomingResponse> {
  const refused = answers.filter(({ status }) => status >= 300)
  const kept = best ?? refused.find(({ status }) => status !== 404) ?? refused[0] ?? answers[0]
  await Promise.all(answers.map((answer) => (answer === kept ? undefined : answer.body.cancel())))
  return kept ?? xmlAnswer(404, errorXml('NoSuchUpload', 'There is no such upload'))
}
