import { pipeline } from 'node:stream/promises'
import { Refusal } from './refusal.ts'
import type { Scene, SendAnswer } from './serve-operation.ts'
import type { VolumeFiles } from './volume-files.ts'

/** GetObject and HeadObject: one range, and conditions on the ETag. */
export async function readObject(scene: Scene, files: VolumeFiles): Promise<SendAnswer> {
  const { request, response, named } = scene
  const { key, operation } = named
  const { size, modified } = await files.stat(key)
  const etag = `"${await files.etag(key)}"`
  const { range, 'if-match': wanted, 'if-none-match': known } = request.headers
  if (wanted !== undefined && !lists(wanted, etag)) throw new Refusal(412, 'PreconditionFailed')
  const headers = {
    etag,
    'last-modified': modified.toUTCString(),
    'accept-ranges': 'bytes',
    // A file system keeps no types.
    'content-type': 'binary/octet-stream',
  }
  if (known !== undefined && lists(known, etag)) {
    return () => void response.writeHead(304, headers).end()
  }
  const span = spanOf(range, size)
  const [start, end] = span ?? [0, size - 1]
  const length = end - start + 1
  const body =
    operation === 'HeadObject' || length === 0 ? undefined : await files.read(key, start, end)
  return async () => {
    response.writeHead(span === undefined ? 200 : 206, {
      ...headers,
      'content-length': length,
      ...(span !== undefined && { 'content-range': `bytes ${start}-${end}/${size}` }),
    })
    if (body === undefined) response.end()
    else await pipeline(body, response)
  }
}

function lists(header: string, etag: string): boolean {
  const bare = etag.replaceAll('"', '')
  return header === '*' || header.split(',').some((one) => one.trim().replaceAll('"', '') === bare)
}

function spanOf(range: string | undefined, size: number): [number, number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '')
  if (match === null || range === 'bytes=-') return undefined
  const [, first = '', last = ''] = match
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size || start > end) throw new Refusal(416, 'InvalidRange')
  return [start, end]
}
