import { encodeRfc3986 } from '../sigv4/encode.ts'

/** A file's own name from its path, safe in a URL and in a header; `file` when it has none. */
export function fileName(path: string): string {
  const last = path.split(/[/\\]/).findLast((segment) => segment !== '') ?? ''
  const name = last.toWellFormed().replace(/\p{Cc}/gu, '_')
  return name === '' || name === '.' || name === '..' ? 'file' : name
}

/** `Content-Disposition: attachment` with the name of any path, RFC 6266 and RFC 8187. */
export function contentDisposition(path: string): string {
  const name = fileName(path)
  // Some browsers decode `%` in the plain form; quotes and back slashes would need escapes.
  const plain = name.replace(/[^\x20-\x7e]|["%\\]/gu, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeRfc3986(name)}`
}

/**
 * Headers of every file the gateway serves: a worker's output is a download, never a page of the
 * gateway's origin, and its link, which is the right to read it, stays out of referrers and shared caches.
 */
export function fileHeaders(path: string): Headers {
  return new Headers({
    'cache-control': 'private',
    'content-disposition': contentDisposition(path),
    'content-security-policy': "default-src 'none'; sandbox",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
}
