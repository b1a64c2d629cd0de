import type { Platform } from '../platform.ts'
import { encodeHex } from '../sigv4/encode.ts'
import { headObject, type ObjectHead, readHead } from '../store/head-object.ts'
import type { ObjectStore } from '../store/store.ts'
import { retryPassing, storeUnavailable } from '../store/store-fault.ts'
import type { Upload, UploadFault } from './upload.ts'

/** What became of an upload's parts: the object, if it is there, and what is wrong with it. */
export interface Verdict {
  readonly head: ObjectHead
  readonly fault?: UploadFault
}

const tries = 4

/**
 * Compares the object with what was announced: its size and, where there is one, its SHA-256, for
 * which it is read once. Stores cannot be asked: of an object made of parts they know no digest of
 * the whole. Undefined when there is no object.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function verifyObject(
  store: Pick<ObjectStore, 'send'>,
  platform: Pick<Platform, 'sha256' | 'wait'>,
  upload: Pick<Upload, 'key' | 'size' | 'partCount'>,
  sha256: string | undefined,
): Promise<Verdict | undefined> {
  const { key, size } = upload
  const only = upload.partCount === 1 ? { partNumber: 1 } : {}
  return await retryPassing({ tries, wait: (ms) => platform.wait(ms) }, async () => {
    const read =
      sha256 === undefined || size === 0
        ? await headObject(store, key).then((head) => head && { head, sha256: emptySha256 })
        : await readDigest(store, platform, key, size)
    if (read === undefined) return undefined
    const { head } = read
    if (head.size !== size) {
      const detail = `The file has ${head.size} bytes, ${size} were announced`
      return { head, fault: { detail, ...only } }
    }
    if (sha256 !== undefined && read.sha256 !== sha256) {
      return { head, fault: { detail: 'The file does not have the SHA-256 announced', ...only } }
    }
    return { head }
  })
}

const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

async function readDigest(
  store: Pick<ObjectStore, 'send'>,
  platform: Pick<Platform, 'sha256'>,
  key: string,
  size: number,
): Promise<{ head: ObjectHead; sha256: string } | undefined> {
  const { status, headers, body } = await store.send({ method: 'GET', key })
  if (status !== 200) await body.cancel()
  if (status === 404) return undefined
  const head = readHead('GET', status, headers)
  if (head.size !== size) {
    await body.cancel()
    return { head, sha256: '' }
  }
  const hash = platform.sha256()
  let read = 0
  try {
    for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
      read += chunk.length
      await hash.update(chunk)
    }
  } catch (cause) {
    throw storeUnavailable(cause)
  }
  if (read !== size) throw storeUnavailable(new Error(`The object broke off after ${read} bytes`))
  return { head, sha256: encodeHex(await hash.digest()) }
}
