import { readCapped } from '../bytes/read-capped.ts'
import { readError, readUploadsPage, type UploadsPage } from './s3-xml.ts'
import type { ObjectStore } from './store.ts'
import { StoreAnswer, storeUnavailable } from './store-fault.ts'

/**
 * A page of the multipart uploads that are open under a prefix; undefined where the store cannot
 * list them (501 in local R2).
 * @throws {GatewayError} store_unavailable
 */
export async function listUploads(
  store: Pick<ObjectStore, 'send'>,
  prefix: string,
  after?: UploadsPage['next'],
): Promise<UploadsPage | undefined> {
  // No encoding-type: Ceph RGW 16 encodes then without saying so.
  const query: Record<string, string> = { uploads: '', prefix, 'max-uploads': '250' }
  if (after !== undefined) {
    query['key-marker'] = after.key
    if (after.uploadId !== '') query['upload-id-marker'] = after.uploadId
  }
  const answer = await store.send({ method: 'GET', key: '', query })
  const bytes = await readCapped(answer.body, 1024 * 1024, () =>
    storeUnavailable(new Error('The list of uploads is larger than 1 MiB')),
  ).catch((cause) => {
    throw storeUnavailable(cause)
  })
  if (answer.status === 501) return undefined
  const xml = new TextDecoder().decode(bytes)
  const page = answer.status === 200 ? readUploadsPage(xml) : undefined
  if (page !== undefined) return page
  const { code, message } = readError(xml) ?? { code: 'Unknown', message: 'not an S3 answer' }
  throw storeUnavailable(new StoreAnswer('GET uploads', answer.status, code, message))
}
