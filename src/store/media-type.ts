import { fileTypeFromBuffer } from 'file-type'

/** What a payload is stored and named as. */
export interface MediaType {
  readonly contentType: string
  /** File extension without the dot. */
  readonly extension: string
}

const unknown: MediaType = { contentType: 'application/octet-stream', extension: 'bin' }
const sampleBytes = 4100

/** Extensions of types whose subtype is not their extension. */
const extensions: Readonly<Record<string, string>> = {
  'application/gzip': 'gz',
  'application/javascript': 'js',
  'application/json': 'json',
  'application/msword': 'doc',
  'application/ogg': 'ogx',
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/x-7z-compressed': '7z',
  'application/x-hdf5': 'h5',
  'application/x-ndjson': 'ndjson',
  'application/x-npy': 'npy',
  'application/x-tar': 'tar',
  'application/xml': 'xml',
  'application/yaml': 'yaml',
  'application/zip': 'zip',
  'application/zstd': 'zst',
  'audio/mp4': 'm4a',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/vnd.wave': 'wav',
  'audio/wave': 'wav',
  'audio/x-flac': 'flac',
  'audio/x-m4a': 'm4a',
  'audio/x-wav': 'wav',
  'image/jpeg': 'jpg',
  'image/jpg': 'jpg',
  'image/svg+xml': 'svg',
  'image/tiff': 'tif',
  'image/vnd.microsoft.icon': 'ico',
  'image/x-exr': 'exr',
  'image/x-icon': 'ico',
  'model/gltf+json': 'gltf',
  'model/gltf-binary': 'glb',
  'model/obj': 'obj',
  'model/stl': 'stl',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/javascript': 'js',
  'text/markdown': 'md',
  'text/plain': 'txt',
  'text/xml': 'xml',
  'video/mpeg': 'mpg',
  'video/quicktime': 'mov',
  'video/x-matroska': 'mkv',
  'video/x-msvideo': 'avi',
}

/**
 * Decides a payload's media type: what was declared (data URI or rule) if that says anything, else
 * what its first bytes show, else `application/octet-stream`. Parameters but `charset` are dropped.
 */
export async function readMediaType(first: Uint8Array, declared?: string): Promise<MediaType> {
  const stated = declared === undefined ? undefined : parseMediaType(declared)
  if (stated !== undefined && stated.essence !== unknown.contentType) {
    const extension = extensionOf(stated.essence) ?? (await sniff(first))?.extension
    return { contentType: stated.contentType, extension: extension ?? unknown.extension }
  }
  return (await sniff(first)) ?? unknown
}

/** Extension of a media type without parameters; undefined when there is no usual one. */
export function extensionOf(essence: string): string | undefined {
  const known = Object.hasOwn(extensions, essence) ? extensions[essence] : undefined
  if (known !== undefined) return known
  return /^(?:audio|font|image|model|video)\/(?:x-)?([a-z0-9]{2,5})$/.exec(essence)?.[1]
}

async function sniff(first: Uint8Array): Promise<MediaType | undefined> {
  try {
    // A copy: the detector sees a small buffer and nothing of what the part's buffer held before.
    const found = await fileTypeFromBuffer(first.slice(0, sampleBytes))
    return found === undefined ? undefined : { contentType: found.mime, extension: found.ext }
  } catch {
    return undefined
  }
}

function parseMediaType(text: string): { essence: string; contentType: string } | undefined {
  const token = '[A-Za-z0-9!#$&^_.+-]{1,64}'
  const match = new RegExp(`^\\s*(${token}/${token})\\s*(?:;|$)`).exec(text)
  const essence = match?.[1]?.toLowerCase()
  if (essence === undefined) return undefined
  const charset = /;\s*charset="?([A-Za-z0-9_.:-]{1,40})"?/i.exec(text)?.[1]
  return { essence, contentType: charset === undefined ? essence : `${essence};charset=${charset}` }
}
