import { readCapped } from '../../bytes/read-capped.ts'
import type { Body } from '../../platform.ts'
import { encodeBase64 } from '../../sigv4/encode.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../s3-error.ts'
import { parseXml, type XmlNode } from '../xml.ts'
import { md5 } from './md5.ts'

/** Bytes of an XML document that a client may send, or that a store answers to one key's request. */
export const maxXmlBytes: number = 1024 * 1024

/**
 * Reads the call's body whole, verified, as an XML document with that root.
 * @throws {S3Error} MalformedXML, or what is wrong with the body
 */
export async function readXml(call: Call, root: string): Promise<XmlNode> {
  const upload = call.upload()
  if (upload.length > maxXmlBytes) throw new S3Error('MalformedXML', 'The XML is too long')
  const body: Body = {
    read: () => upload.read(),
    cancel: () => upload.cancel(),
    stream: () => {
      throw new TypeError('Cannot stream a body that is being verified')
    },
  }
  const bytes = await readCapped(body, maxXmlBytes, () => new S3Error('MalformedXML'))
  checkMd5(call.headers.get('content-md5'), bytes)
  const text = decode(bytes)
  // A parser that drops such a character would make another key of the one that was meant.
  if (hasForeignReference(text)) throw new S3Error('MalformedXML')
  const document = parseXml(text, root)
  if (document === undefined) throw new S3Error('MalformedXML')
  return document
}

/** The store checks the MD5 of what it is sent, but a document goes no further than here. */
function checkMd5(wanted: string | null, bytes: Uint8Array): void {
  if (wanted === null) return
  if (!/^[A-Za-z0-9+/]{22}==$/.test(wanted)) throw new S3Error('InvalidDigest')
  if (encodeBase64(md5(bytes)) !== wanted) throw new S3Error('BadDigest', undefined, 'content-md5')
}

/** Whether a reference names what XML cannot hold: parsers leave it out, and the key is another then. */
function hasForeignReference(text: string): boolean {
  const references = [...text.matchAll(/&#(?:[xX]([0-9A-Fa-f]*)|([0-9]*))/g)]
  return references.some(([, hex, decimal]) => {
    const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16)
    const isText = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code <= 0x10ffff)
    return !isText || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff
  })
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    throw new S3Error('MalformedXML', 'The XML is not UTF-8')
  }
}
