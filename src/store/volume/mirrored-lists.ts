import type { IncomingResponse } from '../../platform.ts'
import { compareKeys } from '../compare-keys.ts'
import type { StoredPart } from '../list-parts.ts'
import type { StoreSend } from '../s3-operations.ts'
import { type PartsPage, readPartsPage, readUploadsPage } from '../s3-xml.ts'
import type { StoreRequest } from '../store.ts'
import { type HeldAnswer, holdAnswer, xmlAnswer } from './held-answer.ts'
import { joinEtags, joinIds, partsXml, uploadsXml } from './mirror-xml.ts'

const listMaxBytes = 1024 * 1024

/**
 * The parts that all volumes have. One that does not know the upload is left out: it may have been
 * completed there, and is asked once more when all are.
 */
export async function listMirroredParts(
  sends: readonly StoreSend[],
  requests: readonly StoreRequest[],
): Promise<IncomingResponse> {
  const answers = await Promise.all(
    sends.map(async (send, index) => {
      const request = requests[index]
      return request && (await holdAnswer(await send(request), listMaxBytes))
    }),
  )
  const held = answers.flatMap((answer) => answer ?? [])
  const refused = held.find(({ status }) => status !== 200 && status !== 404)
  if (refused !== undefined) return refused.answer
  const fine = held.filter(({ status }) => status === 200)
  const pages = fine.map(({ text }) => readPartsPage(text))
  const [first, ...others] = pages.flatMap((page) => page ?? [])
  if (first === undefined || others.length + 1 < fine.length) return anyOf(held)
  const end = lowest([first, ...others].map(endOf))
  const known = others.map(({ parts }) => new Map(parts.map((part) => [part.partNumber, part])))
  const parts = first.parts.flatMap((part): StoredPart[] => {
    const same = known.map((page) => page.get(part.partNumber))
    const isEverywhere = same.every((one) => one?.size === part.size)
    if (!isEverywhere || (end !== undefined && part.partNumber > end)) return []
    return [{ ...part, etag: joinEtags([part, ...same].map((one) => one?.etag ?? '')) }]
  })
  return xmlAnswer(200, partsXml(parts, end))
}

/** The uploads that are open on any volume; those of one key are one upload. */
export async function listMirroredUploads(
  sends: readonly StoreSend[],
  request: StoreRequest,
): Promise<IncomingResponse> {
  const held = await Promise.all(
    sends.map(async (send) => await holdAnswer(await send(request), listMaxBytes)),
  )
  const pages = held.map(({ status, text }) => (status === 200 ? readUploadsPage(text) : undefined))
  const refused = held.find((_, index) => pages[index] === undefined)
  if (refused !== undefined) return refused.answer
  const ends = pages.flatMap((page) => (page?.next === undefined ? [] : page.next.key))
  ends.sort(compareKeys)
  const [end] = ends
  const keys = new Set(pages.flatMap((page) => page?.uploads.map(({ key }) => key) ?? []))
  const uploads = [...keys]
    .filter((key) => end === undefined || compareKeys(key, end) <= 0)
    .sort(compareKeys)
    .flatMap((key) => {
      const ids = pages.map((page) => page?.uploads.filter((one) => one.key === key) ?? [])
      const most = Math.max(...ids.map(({ length }) => length))
      return Array.from({ length: most }, (_, at) => {
        return { key, uploadId: joinIds(ids.map((one) => one[at]?.uploadId ?? '')) }
      })
    })
  return xmlAnswer(200, uploadsXml(uploads, end))
}

/** Last part that a cut page reaches. */
function endOf({ next }: PartsPage): number | undefined {
  return next === undefined ? undefined : Number(next)
}

function lowest(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined && !Number.isNaN(number))
  return known.length === 0 ? undefined : Math.min(...known.map(Number))
}

function anyOf(held: readonly HeldAnswer[]): IncomingResponse {
  const answer = held.find(({ status }) => status === 404) ?? held[0]
  return answer?.answer ?? xmlAnswer(404, '')
}
