import { XMLParser } from 'fast-xml-parser'
import { Refusal } from './refusal.ts'

/** An element: its name and what is in it. */
export type Element = readonly [name: string, content: string | number | readonly Element[]]

/** An XML document of one element in S3's namespace. */
export function renderXml(name: string, content: readonly Element[]): string {
  const attribute = name === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
  const inside = content.map(render).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${inside}</${name}>`
}

function render([name, content]: Element): string {
  const inside =
    typeof content === 'object' ? content.map(render).join('') : escapeXml(`${content}`)
  return `<${name}>${inside}</${name}>`
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** One part as CompleteMultipartUpload names it. */
export interface NamedPart {
  readonly partNumber: number
  /** Without quotes. */
  readonly etag: string
}

/** Reads the body of CompleteMultipartUpload; throws `MalformedXML`. */
export function readParts(text: string): NamedPart[] {
  try {
    const parser = new XMLParser({ parseTagValue: false, isArray: (name) => name === 'Part' })
    const parts: unknown = parser.parse(text).CompleteMultipartUpload.Part
    if (!Array.isArray(parts)) throw new TypeError('No parts')
    return parts.map((part: Record<string, unknown>) => {
      const partNumber = Number(part['PartNumber'])
      const etag = `${part['ETag']}`.replaceAll('&quot;', '').replaceAll('"', '')
      if (!Number.isInteger(partNumber)) throw new TypeError('No number')
      return { partNumber, etag }
    })
  } catch {
    throw new Refusal(400, 'MalformedXML', 'The XML was not well-formed')
  }
}
