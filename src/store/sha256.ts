/** SHA-256 and HMAC-SHA-256 over WebCrypto, in the shape the signer of the AWS SDK asks for. */

const encoder = new TextEncoder()

type Source = string | ArrayBuffer | ArrayBufferView

/** Hash constructor for the signer: with a secret it is an HMAC. Collects its input; for short texts. */
export class Sha256 {
  readonly #secret: Uint8Array<ArrayBuffer> | undefined
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  constructor(secret?: Source) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret)
  }

  update(chunk: Source): void {
    const added = bytesOf(chunk)
    const joined = new Uint8Array(this.#bytes.length + added.length)
    joined.set(this.#bytes)
    joined.set(added, this.#bytes.length)
    this.#bytes = joined
  }

  async digest(): Promise<Uint8Array> {
    if (this.#secret === undefined) {
      return new Uint8Array(await crypto.subtle.digest('SHA-256', this.#bytes))
    }
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', this.#secret, algorithm, false, ['sign'])
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, this.#bytes))
  }

  reset(): void {
    this.#bytes = new Uint8Array(0)
  }
}

function bytesOf(source: Source): Uint8Array<ArrayBuffer> {
  if (typeof source === 'string') return new Uint8Array(encoder.encode(source))
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0))
  return new Uint8Array(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
}
