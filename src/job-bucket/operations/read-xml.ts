import { readCapped } from '../../bytes/read-capped.ts'
import type { Body } from '../../platform.ts'
import type { Call } from '../call.ts'
import { S3Error } from '../s3-error.ts'
import { parseXml, type XmlNode } from '../xml.ts'

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
  const document = parseXml(decode(bytes), root)
  if (document === undefined) throw new S3Error('MalformedXML')
  return document
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new S3Error('MalformedXML', 'The XML is not UTF-8')
  }
}
