import type { Call, Deps } from '../../../src/flows/deps.ts'
import { appendTus } from '../../../src/flows/uploads-tus/append-tus.ts'
import { createTus } from '../../../src/flows/uploads-tus/create-tus.ts'
import { readTus } from '../../../src/flows/uploads-tus/read-tus.ts'
import type { Body, Reply } from '../../../src/platform.ts'
import { createBufferPool } from '../../../src/store/buffer-pool.ts'
import { createUploads } from '../../../src/uploads/stored-uploads.ts'
import { callOf, type FakeGateway, fakeGateway } from '../fake-deps.ts'

export const partBytes = 12

/** A gateway whose parts are 12 bytes, its uploads sealed in the store in memory. */
export interface Bed extends FakeGateway {
  /** One more instance over the same state. */
  instance(): Deps
}

/** `changes` are merged into the configuration document. */
export function tusBed(changes: Record<string, unknown> = {}): Bed {
  const gateway = fakeGateway(changes)
  function instance(): Deps {
    const deps = gateway.another()
    const { keyring, platform, stateStore: store } = deps
    const uploads = createUploads({ store, keyring, platform })
    return { ...deps, uploads, pool: createBufferPool({ parts: 4, partBytes, mayWait: true }) }
  }
  return { ...gateway, deps: instance(), instance }
}

/** A call by tus with a body of the given chunks; an `Error` among them breaks it off. */
export function tusCall(
  headers: Record<string, string>,
  chunks?: readonly (Uint8Array | Error)[],
  endpointId = 'demo',
): Call {
  const length = chunks?.reduce(
    (sum, chunk) => sum + (chunk instanceof Error ? 0 : chunk.length),
    0,
  )
  const isWhole = chunks?.every((chunk) => !(chunk instanceof Error)) ?? false
  return {
    ...callOf(endpointId, undefined, { 'tus-resumable': '1.0.0', ...headers }),
    body: chunks && bodyOf(chunks),
    contentLength: isWhole ? length : undefined,
  }
}

/** Creates an upload; its id. */
export async function create(deps: Deps, size: number, metadata?: string): Promise<string> {
  const headers = {
    'upload-length': String(size),
    ...(metadata && { 'upload-metadata': metadata }),
  }
  const { headers: answer } = await createTus(deps, tusCall(headers))
  return idOf(answer)
}

/** The id at the end of `Location`. */
export function idOf(headers: Headers): string {
  return headers.get('location')?.split('/').at(-1) ?? ''
}

/** Sends chunks to an upload. */
export async function append(
  deps: Deps,
  uploadId: string,
  offset: number,
  chunks: readonly (Uint8Array | Error)[],
  headers: Record<string, string> = {},
): Promise<Reply> {
  const own = { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) }
  return await appendTus(deps, tusCall({ ...own, ...headers }, chunks), uploadId)
}

/** The offset that HEAD tells. */
export async function offsetOf(deps: Deps, uploadId: string): Promise<number> {
  const { headers } = await readTus(deps, { ...tusCall({}), method: 'HEAD' }, uploadId)
  return Number(headers.get('upload-offset'))
}

/** Bytes that differ from place to place. */
export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, place) => (place * 7 + (place >> 8)) % 251)
}

function bodyOf(chunks: readonly (Uint8Array | Error)[]): Body {
  const left = [...chunks]
  return {
    async read() {
      const chunk = left.shift()
      if (chunk instanceof Error) throw chunk
      return chunk?.slice()
    },
    cancel: async () => void left.splice(0),
    stream: () => {
      throw new TypeError('Not here')
    },
  }
}
