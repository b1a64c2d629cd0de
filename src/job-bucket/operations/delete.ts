import type { Reply } from '../../platform.ts'
import { resolveKey } from '../authorise.ts'
import type { Call } from '../call.ts'
import { replyXml } from '../reply.ts'
import { S3Error } from '../s3-error.ts'
import { askStore, storeError } from '../store-answer.ts'
import { checkKey } from '../target.ts'
import { type XmlNode, xmlText } from '../xml.ts'
import { readXml } from './read-xml.ts'

const maxKeys = 1000
// Workers keep six connections open at a time.
const atOnce = 6

/** DeleteObject: 204 whether or not there was one. */
export async function deleteObject(call: Call): Promise<Reply> {
  // To delete in spite of a condition would be worse than not to delete.
  const isConditional = [...call.headers.keys()].some((name) => /^(x-amz-)?if-match/.test(name))
  if (isConditional) throw new S3Error('NotImplemented')
  await deleteKey(call, call.target.key)
  return { status: 204, headers: new Headers() }
}

/**
 * DeleteObjects, as single deletions: there are stores that know no other. Each key is checked, mapped
 * and answered for by itself.
 */
export async function deleteObjects(call: Call): Promise<Reply> {
  if (!isProven(call)) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5')
  }
  const root = await readXml(call, 'Delete')
  const listed = readList(root)
  const isQuiet = xmlText(root, 'Quiet')?.trim() === 'true'
  const faults = new Map<number, S3Error>()
  const rest = listed.entries()
  const work = async () => {
    for (const [at, { key, isPlain }] of rest) {
      const fault = await deleteListed(call, key, isPlain)
      if (fault !== undefined) faults.set(at, fault)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return replyXml('DeleteResult', {
    Deleted: isQuiet
      ? []
      : listed.filter((_, at) => !faults.has(at)).map(({ key }) => ({ Key: key })),
    Error: listed.flatMap(({ key }, at) => {
      const fault = faults.get(at)
      return fault === undefined ? [] : { Key: key, Code: fault.code, Message: fault.detail }
    }),
  })
}

/** Whether anything says what the list must be; S3 too takes none without. */
function isProven({ headers, payloadHash }: Call): boolean {
  const isHashed = payloadHash !== 'UNSIGNED-PAYLOAD'
  const names = [...headers.keys()]
  return isHashed || names.some((n) => n === 'content-md5' || n.startsWith('x-amz-checksum-'))
}

async function deleteListed(
  call: Call,
  key: string,
  isPlain: boolean,
): Promise<S3Error | undefined> {
  try {
    if (!isPlain) throw new S3Error('NotImplemented')
    checkKey(key)
    await deleteKey(call, key)
    return undefined
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    call.log.write(error.status >= 500 && error.code !== 'NotImplemented' ? 'error' : 'info', {
      event: 'job_bucket_delete_refused',
      requestId: call.id,
      code: error.code,
      reason: error.reason,
    })
    return error
  }
}

async function deleteKey(call: Call, virtual: string): Promise<void> {
  const key = resolveKey(call.grant, virtual, 'write')
  const answer = await askStore(call, { method: 'DELETE', key })
  if (answer.status < 300) return await answer.body.cancel()
  const fault = await storeError(answer, 'NoSuchKey')
  if (fault.code !== 'NoSuchKey') throw fault
}

/** The keys of the request; one with a version, an ETag or a time is not a plain deletion. */
function readList(root: XmlNode): { key: string; isPlain: boolean }[] {
  const { Object: listed } = root
  const objects: unknown[] = Array.isArray(listed) ? listed : listed === undefined ? [] : [listed]
  if (objects.length === 0 || objects.length > maxKeys) throw new S3Error('MalformedXML')
  return objects.map((object) => {
    const key = isNode(object) ? xmlText(object, 'Key') : undefined
    if (key === undefined || key === '') throw new S3Error('MalformedXML')
    const isPlain = isNode(object) && Object.keys(object).every((n) => n === 'Key' || n === '#text')
    return { key, isPlain }
  })
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null
}
