import { XMLParser } from 'fast-xml-parser'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
})

/** Parsed XML: an element's text, or its children by name. */
export type XmlNode = Readonly<Record<string, unknown>>

/** What can be written as XML: text, or elements in order; a list repeats its element. */
export type XmlContent =
  | string
  | number
  | boolean
  | { readonly [name: string]: XmlValue | undefined }
type XmlValue = XmlContent | readonly XmlContent[]

/** Writes a document in the S3 namespace. */
export function writeXml(root: string, content: XmlContent): Uint8Array {
  const text = `<${root} xmlns="${namespace}">${writeContent(content)}</${root}>`
  return new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`)
}

/** Writes an error document, which has no namespace in S3. */
export function writeErrorXml(content: XmlContent): Uint8Array {
  const text = `<Error>${writeContent(content)}</Error>`
  return new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`)
}

function writeContent(content: XmlContent): string {
  if (typeof content !== 'object') return escapeXml(String(content))
  let text = ''
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue
    const items: readonly XmlContent[] = isList(value) ? value : [value]
    for (const item of items) text += `<${name}>${writeContent(item)}</${name}>`
  }
  return text
}

function isList(value: XmlValue): value is readonly XmlContent[] {
  return Array.isArray(value)
}

/** Escapes text for an element; characters that XML 1.0 cannot hold become U+FFFD. */
export function escapeXml(text: string): string {
  const escaped = text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return escaped.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
}

/** The root element of that name; undefined when the text is no such document. */
export function parseXml(text: string, root: string): XmlNode | undefined {
  // No S3 document has a DTD, and entities of one's own are how parsers are attacked.
  if (text.includes('<!')) return undefined
  try {
    const parsed: unknown = parser.parse(text, true)
    if (!isNode(parsed) || parsed[root] === undefined) return undefined
    const element = parsed[root]
    return isNode(element) ? element : {}
  } catch {
    return undefined
  }
}

/** Text of a child element. */
export function xmlText(node: XmlNode, name: string): string | undefined {
  const value = node[name]
  return typeof value === 'string' ? value : undefined
}

/** Child elements of a name, one or many. */
export function xmlNodes(node: XmlNode, name: string): XmlNode[] {
  const value = node[name]
  return (Array.isArray(value) ? value : [value]).filter(isNode)
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
