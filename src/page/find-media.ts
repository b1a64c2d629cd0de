/** Something in a job's output that is worth a look, or a download. */
export interface Found {
  readonly kind: 'image' | 'video' | 'audio' | 'file'
  /** http, https or data URL. */
  readonly url: string
  readonly name: string
  /** Where in the output, as names with dots between them. */
  readonly path: string
}

const extensions: Readonly<Record<string, Exclude<Found['kind'], 'file'>>> = {
  ...of('image', 'png jpg jpeg gif webp avif bmp svg ico'),
  ...of('video', 'mp4 webm mov m4v ogv mkv'),
  ...of('audio', 'mp3 wav ogg oga opus flac m4a aac'),
}

/** What the base64 of images begins with, and of sound, where workers answer it alone. */
const signatures: readonly (readonly [begin: RegExp, type: string])[] = [
  [/^iVBORw0KGgo/, 'image/png'],
  [/^\/9j\//, 'image/jpeg'],
  [/^R0lGOD/, 'image/gif'],
  [/^UklGR.{6}XRUJQ/, 'image/webp'],
  [/^UklGR.{6}XQVZF/, 'audio/wav'],
]

/** Values beyond this are not looked at. */
const foundAtMost = 200

/** Everything in an output that can be shown or downloaded, in order, each URL once. */
export function findMedia(output: unknown): readonly Found[] {
  const found = new Map<string, Found>()
  walk(output, [])
  return [...found.values()]

  function walk(value: unknown, path: readonly string[]): void {
    if (found.size >= foundAtMost) return
    if (typeof value === 'string') {
      const one = look(value, path)
      if (one !== undefined && !found.has(one.url)) found.set(one.url, one)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name])
    }
  }
}

function look(value: string, names: readonly string[]): Found | undefined {
  const path = names.join('.')
  const name = names.findLast((one) => !/^\d+$/.test(one)) ?? 'output'
  const type = /^data:(image|video|audio)\/([a-z0-9.+-]+)[;,]/i.exec(value)
  if (type !== null) {
    const [, kind = '', subtype = ''] = type
    const ending = subtype.toLowerCase().replace(/\+.*/, '').replace('mpeg', 'mp3')
    return { kind: kindOf(kind.toLowerCase()), url: value, name: `${name}.${ending}`, path }
  }
  // Asterisks stand for what has been taken out of an answer: such a link leads nowhere.
  if (/^https?:\/\/\S+$/i.test(value) && URL.canParse(value) && !value.includes('********')) {
    const last = new URL(value).pathname.split('/').at(-1) ?? ''
    const extension = /\.([a-z0-9]+)$/i.exec(last)?.[1]?.toLowerCase() ?? ''
    const kind = extensions[extension] ?? 'file'
    return { kind, url: value, name: decode(last) || new URL(value).hostname, path }
  }
  const type64 = signatures.find(([begin]) => begin.test(value))?.[1]
  if (type64 === undefined || value.length < 60) return undefined
  const base64 = value.trimEnd()
  if (!/^[A-Za-z0-9+/\s]+=*$/.test(base64)) return undefined
  return look(`data:${type64};base64,${base64}`, names)
}

function of<K extends string>(kind: K, names: string): Record<string, K> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]))
}

function kindOf(text: string): Found['kind'] {
  return text === 'image' || text === 'video' || text === 'audio' ? text : 'file'
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
