import { createHash } from 'node:crypto'
import { readCapped } from '../../bytes/read-capped.ts'
import { readError } from '../../store/s3-xml.ts'
import type { ObjectStore } from '../../store/store.ts'
import { StoreAnswer, storeUnavailable } from '../../store/store-fault.ts'

/** A document of a bucket's own. */
export type Setting = 'lifecycle' | 'cors'

/** What a store says of such a document: the XML, empty where there is none yet. */
export type SettingAnswer =
  | { readonly kind: 'read'; readonly xml: string }
  | { readonly kind: 'written' }
  /** It has no such documents. */
  | { readonly kind: 'unknown' }
  /** The key may not, or the store takes it otherwise. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }

const xmlMaxBytes = 1024 * 1024
const absent = ['NoSuchLifecycleConfiguration', 'NoSuchCORSConfiguration']
const unknown = ['NotImplemented', 'MethodNotAllowed', 'UnsupportedOperation']

/** @throws {GatewayError} store_unavailable */
export async function readSetting(store: ObjectStore, setting: Setting): Promise<SettingAnswer> {
  const { status, text } = await ask(store, 'GET', setting)
  if (status === 200) return { kind: 'read', xml: text }
  const { code } = readError(text) ?? { code: '' }
  // Ceph RGW 16 has a word of its own, and no body for it.
  if (absent.includes(code) || (status === 404 && code !== 'NoSuchBucket')) {
    return { kind: 'read', xml: '' }
  }
  return refusal(status, code)
}

/** @throws {GatewayError} store_unavailable */
export async function writeSetting(
  store: ObjectStore,
  setting: Setting,
  xml: string,
): Promise<SettingAnswer> {
  const body = new TextEncoder().encode(xml)
  const { status, text } = await ask(store, 'PUT', setting, body)
  if (status >= 200 && status < 300) return { kind: 'written' }
  return refusal(status, readError(text)?.code ?? '')
}

function refusal(status: number, code: string): SettingAnswer {
  if (status === 501 || status === 405 || unknown.includes(code)) return { kind: 'unknown' }
  if (status >= 500) throw storeUnavailable(new StoreAnswer('settings', status, code, ''))
  return { kind: 'refused', status, code: code === '' ? 'no code' : code }
}

async function ask(
  store: ObjectStore,
  method: 'GET' | 'PUT',
  setting: Setting,
  body?: Uint8Array,
): Promise<{ status: number; text: string }> {
  const query = { [setting]: '' }
  const answer = await store.send(
    body === undefined
      ? { method, key: '', query }
      : {
          method,
          key: '',
          query,
          headers: { 'content-type': 'application/xml', 'content-md5': md5Of(body) },
          body,
        },
  )
  const over = () => storeUnavailable(new Error(`More than ${xmlMaxBytes} bytes of settings`))
  const bytes = await readCapped(answer.body, xmlMaxBytes, over)
  return { status: answer.status, text: new TextDecoder().decode(bytes) }
}

// Stores ask for it with these documents, and with nothing else.
function md5Of(body: Uint8Array): string {
  return createHash('md5').update(body).digest('base64')
}
