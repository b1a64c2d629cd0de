import { BulkwayError } from './bulkway-error.ts'
import { ownHeaders, type PartAnswer, type PartRequest, shownCharacters } from './send-part.ts'
import { blobOf } from './source.ts'

/** Sends a part by XMLHttpRequest, which says how much of it has left; for pages and their workers. */
export async function sendByXhr(request: PartRequest): Promise<PartAnswer> {
  const { url, headers, body, signal, stallMs, onSent } = request
  const blob = await blobOf(body)
  signal.throwIfAborted()
  const xhr = new XMLHttpRequest()
  let timer: ReturnType<typeof setTimeout> | undefined
  let leave: () => void = () => {}
  try {
    return await new Promise((resolve, reject) => {
      const fail = () => reject(new BulkwayError('network_error', 0, 'Cannot reach the store'))
      const watch = () => {
        clearTimeout(timer)
        timer = setTimeout(fail, stallMs)
      }
      leave = () => reject(signal.reason)
      signal.addEventListener('abort', leave)
      xhr.open('PUT', url)
      for (const [name, value] of Object.entries(ownHeaders(headers))) {
        xhr.setRequestHeader(name, value)
      }
      xhr.upload.onprogress = ({ loaded }) => {
        watch()
        onSent(Math.min(loaded, blob.size))
      }
      xhr.onerror = fail
      xhr.onload = () => resolve(answerOf(xhr))
      watch()
      xhr.send(blob)
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', leave)
    // Does nothing to a request that is over.
    xhr.abort()
  }
}

function answerOf(xhr: XMLHttpRequest): PartAnswer {
  const isGood = xhr.status >= 200 && xhr.status < 300
  return {
    status: xhr.status,
    etag: xhr.getResponseHeader('etag') ?? undefined,
    // A browser complains of every question for a header that CORS rules hide.
    retryAfter: isGood ? undefined : (xhr.getResponseHeader('retry-after') ?? undefined),
    text: isGood ? '' : xhr.responseText.slice(0, shownCharacters),
  }
}
