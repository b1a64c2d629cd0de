/** Forms of a literal beside the encoders of JSON and URLs, and what comes of one upon another. */

const utf8 = new TextEncoder()

/** The UTF-8 bytes of a text as a binary string. */
export function binary(text: string): string {
  if (/^[ -~]*$/.test(text)) return text
  let out = ''
  for (const byte of utf8.encode(text)) out += String.fromCharCode(byte)
  return out
}

/** A text with every character written as `\uXXXX`, in JSON strings nested up to three deep. */
export function unitForms(text: string): string[] {
  let lower = ''
  for (let i = 0; i < text.length; i++) {
    lower += `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`
  }
  const upper = lower.replace(/[a-f]/g, (digit) => digit.toUpperCase())
  const twice = lower.replaceAll('\\', '\\\\')
  return [lower, upper, twice, twice.replaceAll('\\\\', '\\\\\\\\')]
}

/** Every byte as `%XX`, once and twice. */
export function percentForms(bytes: string): string[] {
  const lower = hexOf(bytes).replace(/../g, '%$&')
  return [lower, lower.toUpperCase(), lower.toUpperCase().replaceAll('%', '%25')]
}

const entities: readonly Readonly<Record<string, string>>[] = [
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;' },
  { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' },
  { '&': '&#38;', '<': '&#60;', '>': '&#62;', '"': '&#34;', "'": '&#39;' },
]

/** A text as it stands in XML or HTML, by the habits of several languages. */
export function xmlForms(text: string): Set<string> {
  const out = new Set<string>()
  if (!/[&<>"']/.test(text)) return out
  for (const table of entities) {
    const escaped = text.replace(/[&<>"']/g, (character) => table[character] ?? character)
    out.add(escaped)
    out.add(escaped.replaceAll('&', '\\u0026'))
  }
  return out
}

/** Base64 of bytes in all three alignments: only the characters that no neighbour can change. */
export function base64Middles(bytes: string): string[] {
  return [0, 1, 2].map((shift) => {
    const text = btoa('\0'.repeat(shift) + bytes)
    const from = Math.ceil((8 * shift) / 6)
    return text.slice(from, Math.floor((8 * (shift + bytes.length)) / 6))
  })
}

/** Base64 text in the alphabet of URLs. */
export function urlSafe(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_')
}

/** Hex in both cases, and with a space after each byte, as S3 writes `StringToSignBytes`. */
export function hexForms(bytes: string): string[] {
  const lower = hexOf(bytes)
  return [lower, lower.replace(/..(?=.)/g, '$& ')].flatMap((one) => [one, one.toUpperCase()])
}

function hexOf(bytes: string): string {
  let out = ''
  for (let i = 0; i < bytes.length; i++) out += bytes.charCodeAt(i).toString(16).padStart(2, '0')
  return out
}

/** Base64 and hex of bytes that are themselves a form, in the spellings that JSON and URLs have for them. */
export function encodedForms(bytes: string): { base64: string[]; hex: string[] } {
  const base64 = base64Middles(bytes).flatMap((middle) => [
    middle,
    urlSafe(middle),
    middle.replaceAll('/', '\\/'),
    middle.replaceAll('+', '%2B').replaceAll('/', '%2F'),
  ])
  const lower = hexOf(bytes)
  return { base64, hex: [lower, lower.toUpperCase()] }
}
