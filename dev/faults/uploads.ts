/** A multipart upload that the store has begun. */
export interface OpenUpload {
  /** Path of the object as sent, decoded, with the bucket before it. */
  readonly key: string
  readonly uploadId: string
}

/**
 * Follows the multipart uploads that pass by, from what the store really answered: one is open from
 * its CreateMultipartUpload to a Complete or an Abort that succeeded.
 */
export class UploadLedger {
  #open = new Map<string, OpenUpload>()
  #lost = new Map<string, OpenUpload>()

  /** Uploads that the client knows of and that were neither completed nor aborted. */
  get open(): OpenUpload[] {
    return [...this.#open.values()]
  }

  /** Uploads that the store began but whose id never reached the client: only the store can end them. */
  get lost(): OpenUpload[] {
    return [...this.#lost.values()]
  }

  /** Whether the body of this exchange's response is needed by `record`. */
  concerns(method: string, query: URLSearchParams): boolean {
    return method === 'POST' && (query.has('uploads') || query.has('uploadId'))
  }

  /**
   * Takes down one exchange: `text` is the store's answer, `delivered` whether all of it was sent
   * on to the client.
   */
  record(exchange: {
    method: string
    path: string
    query: URLSearchParams
    status: number
    text: string
    delivered: boolean
  }): void {
    const { method, path, query, status, text, delivered } = exchange
    if (status < 200 || status > 299) return
    const uploadId = query.get('uploadId')
    if (method === 'POST' && query.has('uploads')) {
      const id = /<UploadId>([^<]+)<\/UploadId>/.exec(text)?.[1]
      if (id === undefined) return
      const upload = { key: decodeURIComponent(path), uploadId: id }
      ;(delivered ? this.#open : this.#lost).set(id, upload)
    } else if (uploadId !== null && (method === 'DELETE' || (method === 'POST' && isDone(text)))) {
      this.#open.delete(uploadId)
      this.#lost.delete(uploadId)
    }
  }
}

// CompleteMultipartUpload can fail with a 200 whose body is an error.
function isDone(text: string): boolean {
  return !text.includes('<Error>')
}
