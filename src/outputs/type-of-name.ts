/** Types of files that workers write, by extension. */
const types: ReadonlyMap<string, string> = new Map([
  ...of('image', 'avif', 'bmp', 'gif', 'png', 'webp'),
  ...of('audio', 'aac', 'flac'),
  ...of('video', 'mp4', 'webm'),
  ...of('text', 'css', 'csv'),
  ...of('application', 'gzip', 'json', 'pdf', 'zip'),
  ...of('font', 'ttf', 'woff2'),
  ['glb', 'model/gltf-binary'],
  ['gz', 'application/gzip'],
  ['jpeg', 'image/jpeg'],
  ['jpg', 'image/jpeg'],
  ['jsonl', 'application/x-ndjson'],
  ['m4a', 'audio/mp4'],
  ['md', 'text/markdown'],
  ['mov', 'video/quicktime'],
  ['mp3', 'audio/mpeg'],
  ['ndjson', 'application/x-ndjson'],
  ['ogg', 'audio/ogg'],
  ['svg', 'image/svg+xml'],
  ['tar', 'application/x-tar'],
  ['tif', 'image/tiff'],
  ['tiff', 'image/tiff'],
  ['txt', 'text/plain'],
  ['wav', 'audio/wav'],
  ['xml', 'application/xml'],
])

/** What a store says of a file whose type it does not know. */
const unknown: ReadonlySet<string> = new Set(['application/octet-stream', 'binary/octet-stream'])

/**
 * The media type of a file: as its store says, or by its extension where the store knows none, as of
 * what was written past it.
 */
export function typeOf(told: string | null, path: string): string {
  if (told !== null && !unknown.has(told.toLowerCase())) return told
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1] ?? ''
  return types.get(extension.toLowerCase()) ?? 'application/octet-stream'
}

function of(kind: string, ...subtypes: readonly string[]): [string, string][] {
  return subtypes.map((subtype) => [subtype, `${kind}/${subtype}`])
}
