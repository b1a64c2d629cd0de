import type { IncomingMessage, ServerResponse } from 'node:http'
import { listObjects, listParts, listUploads } from './list-volume.ts'
import type { VolumeQuirks } from './quirks.ts'
import { readObject } from './read-object.ts'
import { Refusal } from './refusal.ts'
import type { PayloadHash } from './signature.ts'
import type { WrittenFile } from './volume-files.ts'
import type { NamedRequest } from './volume-operations.ts'
import type { FakeVolume } from './volume-server.ts'
import { readParts, renderXml } from './volume-xml.ts'

/** All that an operation sees of its request. */
export interface Scene {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly named: NamedRequest
  readonly payloadHash: PayloadHash
  readonly quirks: VolumeQuirks
  readonly volumes: readonly FakeVolume[]
}

/** Sends what was made ready: the work is done before. */
export type SendAnswer = () => Promise<void> | void

const copyMaxBytes = 5_000_000_000

/** Does the work of one request; throws `Refusal`. */
export async function serveOperation(
  scene: Scene,
  volume: FakeVolume | undefined,
): Promise<SendAnswer> {
  const { named, response, volumes } = scene
  const { operation, key, query } = named
  if (volume === undefined) {
    const running = volumes.filter(({ state }) => state === 'running')
    return sendXml(
      response,
      renderXml('ListAllMyBucketsResult', [
        ['Buckets', running.map(({ id }) => ['Bucket', [['Name', id]]] as const)],
      ]),
    )
  }
  const { files, uploads } = volume
  const uploadId = query.get('uploadId') ?? ''
  switch (operation) {
    case 'ListBuckets':
    case 'HeadBucket':
      return () => void response.writeHead(200).end()
    case 'ListObjects':
    case 'ListObjectsV2':
      return sendXml(response, await withinEdge(scene, listObjects(scene, files)))
    case 'ListMultipartUploads':
      return sendXml(response, await listUploads(named, uploads))
    case 'ListParts':
      return sendXml(response, await listParts(named, uploads))
    case 'GetObject':
    case 'HeadObject':
      return await readObject(scene, files)
    case 'PutObject': {
      refuseConditions(scene)
      const { putMaxBytes, halfMs } = scene.quirks
      const body = byHalves(bodyOf(scene, putMaxBytes - 1), halfMs)
      const written = await files.write(key, body)
      await checkHash(scene, written, () => files.remove(key))
      return () => void response.writeHead(200, { etag: `"${written.md5}"` }).end()
    }
    case 'CopyObject': {
      const from = copySource(scene)
      const { size } = await files.stat(from)
      if (size > copyMaxBytes) throw new Refusal(400, 'EntityTooLarge', 'Too large to copy')
      await drainEmpty(scene)
      await withinEdge(scene, files.copy(from, key))
      const [etag, { modified }] = [await files.etag(key), await files.stat(key)]
      return sendXml(
        response,
        renderXml('CopyObjectResult', [
          ['ETag', `"${etag}"`],
          ['LastModified', modified.toISOString()],
        ]),
      )
    }
    case 'DeleteObject':
      await files.remove(key)
      return () => void response.writeHead(204).end()
    case 'CreateMultipartUpload': {
      await drainEmpty(scene)
      const made = await uploads.create(key)
      return sendXml(
        response,
        renderXml('InitiateMultipartUploadResult', [
          ['Bucket', volume.id],
          ['Key', key],
          ['UploadId', made],
        ]),
      )
    }
    case 'UploadPart': {
      const partNumber = Number(query.get('partNumber'))
      if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000) {
        throw new Refusal(400, 'InvalidArgument', 'The part number is no number from 1 to 10000')
      }
      const body = bodyOf(scene, scene.quirks.partMaxBytes)
      const written = await uploads.part(key, uploadId, partNumber, body)
      await checkHash(scene, written, async () => {})
      return () => void response.writeHead(200, { etag: `"${written.md5}"` }).end()
    }
    case 'CompleteMultipartUpload': {
      const named = readParts(await readText(scene, 2_000_000))
      const etag = await withinEdge(scene, completeSlowly(scene, volume, named))
      return sendXml(
        response,
        renderXml('CompleteMultipartUploadResult', [
          ['Bucket', volume.id],
          ['Key', key],
          ['ETag', `"${etag}"`],
        ]),
      )
    }
    case 'AbortMultipartUpload':
      await uploads.abort(key, uploadId)
      return () => void response.writeHead(204).end()
  }
}

async function completeSlowly(
  { named: { key, query }, quirks }: Scene,
  { uploads, files }: FakeVolume,
  parts: ReturnType<typeof readParts>,
): Promise<string> {
  if (quirks.completeMs > 0) await pause(quirks.completeMs)
  const etag = await uploads.complete(key, query.get('uploadId') ?? '', parts)
  if (quirks.vanishing > 0) {
    quirks.vanishing -= 1
    await files.remove(key)
  }
  return etag
}

/** Answers 524 in place of work that takes too long; the work goes on. */
async function withinEdge<T>({ quirks }: Scene, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const over = () => reject(new Refusal(524, '', 'error code: 524'))
    timer = setTimeout(over, quirks.edgeTimeoutMs)
  })
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function* byHalves(body: AsyncIterable<Uint8Array>, ms: number): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    if (ms > 0) {
      yield piece.subarray(0, piece.length / 2)
      await pause(ms)
    }
    yield ms > 0 ? piece.subarray(piece.length / 2) : piece
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function sendXml(response: ServerResponse, text: string): SendAnswer {
  return () => {
    response.writeHead(200, {
      'content-type': 'application/xml',
      'content-length': Buffer.byteLength(text),
    })
    response.end(text)
  }
}

function refuseConditions({ request: { headers } }: Scene): void {
  if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined) {
    throw new Refusal(501, 'NotImplemented', 'Conditions on writes are not supported')
  }
}

function bodyOf({ request, payloadHash }: Scene, maxBytes: number): AsyncIterable<Uint8Array> {
  if (payloadHash.startsWith('STREAMING-')) {
    throw new Refusal(501, 'NotImplemented', 'Signed chunks are not supported')
  }
  const length = request.headers['content-length']
  if (length === undefined) throw new Refusal(411, 'MissingContentLength')
  if (Number(length) > maxBytes) {
    throw new Refusal(413, 'EntityTooLarge', `The body has more than ${maxBytes} bytes`)
  }
  return request.iterator({ destroyOnReturn: false })
}

async function checkHash(
  { payloadHash, request: { headers } }: Scene,
  { md5, sha256 }: WrittenFile,
  undo: () => Promise<void>,
): Promise<void> {
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && payloadHash !== sha256) {
    await undo()
    throw new Refusal(400, 'XAmzContentSHA256Mismatch', 'The body has another SHA-256')
  }
  const expected = headers['content-md5']
  if (expected !== undefined && expected !== Buffer.from(md5, 'hex').toString('base64')) {
    await undo()
    throw new Refusal(400, 'BadDigest', 'The body has another MD5')
  }
}

async function readText({ request, payloadHash }: Scene, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of bodyOf({ request, payloadHash } as Scene, maxBytes)) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > maxBytes) throw new Refusal(400, 'MalformedXML')
  }
  return Buffer.concat(chunks).toString()
}

async function drainEmpty({ request }: Scene): Promise<void> {
  for await (const _ of request.iterator({ destroyOnReturn: false }));
}

function copySource({ request, named: { bucket } }: Scene): string {
  const header = request.headers['x-amz-copy-source']
  const source = decodeURIComponent(`${header}`).replace(/^\//, '')
  if (!source.startsWith(`${bucket}/`)) {
    throw new Refusal(501, 'NotImplemented', 'Copies from another volume are not supported')
  }
  return source.slice(bucket.length + 1)
}
