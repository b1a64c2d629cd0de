import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Answer, json } from './call.ts'
import type { ConfigDocument } from './config.ts'
import { useStack } from './harness.ts'

/** Bytes of a part of these uploads. */
export const partBytes = 5_242_880

const settings = { sharedPaths: ['models/'], completePollSeconds: 1, completeMaxSeconds: 10 }

/** The store without its replica. */
function alone(document: ConfigDocument): object {
  const { replicas: _, ...store } = Object(document['stores']).volume
  return store
}

/** A part as the gateway has signed it. */
export interface SignedPart {
  readonly partNumber: number
  readonly url: string
  readonly headers: Record<string, string>
}

/** Where the page comes from that may call the gateway of this stack. */
export const page = 'https://page.example'

/** Takes down the size of each file below `folder` as often as it can; `end` gives those it has seen, by name. */
export function watchSizes(folder: string): { end(): Promise<Map<string, Set<number>>> } {
  const seen = new Map<string, Set<number>>()
  let isWatching = true
  async function look(): Promise<void> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries.filter((one) => one.isFile())) {
      const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined)
      if (found === undefined) continue
      seen.set(entry.name, (seen.get(entry.name) ?? new Set()).add(found.size))
    }
  }
  const watching = (async () => {
    while (isWatching) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })()
  return {
    async end() {
      isWatching = false
      await watching
      return seen
    },
  }
}

/**
 * A stack with a volume in each of two datacenters. Endpoint `volume` has the first alone, `both` has
 * both, `content` names files by content, `missing` is none of the platform's.
 */
export function useVolumeStack() {
  const stack = useStack({
    volume: {
      volumes: [
        { id: 'vol-eu', dataCenterId: 'EU-RO-1' },
        { id: 'vol-us', dataCenterId: 'US-KS-2' },
      ],
      endpoints: [{ id: 'both', networkVolumeIds: ['vol-eu', 'vol-us'] }],
    },
    config: (document) => ({
      ...document,
      stores: {
        ...Object(document['stores']),
        volume: { ...alone(document), ...settings },
        both: { ...Object(document['stores']).volume, ...settings },
      },
      endpoints: {
        ...document.endpoints,
        volume: { ...document.endpoints['volume'], sessions: {} },
        both: { ...document.endpoints['volume'], store: 'both', volumes: 'lookup' },
        content: {
          ...document.endpoints['volume'],
          ...{ contentAddressed: true, stage: 'always', volumes: 'configured' },
        },
        missing: { ...document.endpoints['volume'] },
      },
      cors: { origins: [page] },
      uploads: { partBytes, signedParts: 2, persist: true },
    }),
  })

  const directory = () => stack.volume.volumes[0]?.directory ?? ''
  const faults = () => stack.volume.server()
  const volume = () => stack.volume.server().volume('vol-eu')

  async function files(root = directory()): Promise<string[]> {
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((path) => !path.startsWith('.s3compat_uploads/'))
      .sort()
  }

  async function ask(method: string, below: string, body?: unknown): Promise<Answer> {
    const options = body === undefined ? {} : { body: JSON.stringify(body) }
    return await stack.call(method, `/v2/volume/uploads${below}`, options)
  }

  async function put({ url, headers, partNumber }: SignedPart, body: Uint8Array) {
    const sent = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) })
    return {
      status: sent.status,
      text: await sent.text(),
      partNumber,
      etag: sent.headers.get('etag'),
    }
  }

  async function upload(file: Buffer, request: object = {}) {
    const started = await ask('POST', '', { size: file.length, ...request })
    expect(started.status, started.text).toBe(201)
    const { uploadId, partCount } = JSON.parse(started.text)
    const parts: { partNumber: number; etag: string | null }[] = []
    for (let partNumber = 1; partNumber <= partCount; partNumber++) {
      const signed = json(await ask('POST', `/${uploadId}/parts`, { partNumbers: [partNumber] }))
      const [part] = signed['parts'] as SignedPart[]
      if (part === undefined) throw new TypeError('There is no part')
      const from = (partNumber - 1) * partBytes
      const { status, text, etag } = await put(part, file.subarray(from, from + partBytes))
      expect(status, text).toBe(200)
      parts.push({ partNumber, etag })
    }
    return { uploadId, parts, complete: () => ask('POST', `/${uploadId}/complete`, { parts }) }
  }

  return {
    stack,
    /** The first volume as a worker has it. */
    directory,
    /** Files of a volume as a worker lists them, hidden ones left out. */
    files,
    /** The S3 API of the first volume. */
    faults,
    /** The first volume's side of it. */
    volume,
    /** Calls the routes of uploads. */
    ask,
    /** Sends a part, or what is to be one. */
    put,
    /** Uploads a file through part URLs, one after the other; its completion is left to call. */
    upload,
  }
}
