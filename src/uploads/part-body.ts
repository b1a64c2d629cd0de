import { GatewayError } from '../errors.ts'
import type { Body, OutgoingBody, Platform, StreamHash } from '../platform.ts'
import { encodeHex } from '../sigv4/encode.ts'
import type { PartClaim } from './part-link.ts'

/**
 * A part on its way through the gateway: counted, and compared with its digest before its last chunk
 * leaves, so that the store never sees a wrong part whole.
 */
export class PartBody implements OutgoingBody {
  readonly #body: Body | undefined
  readonly #claim: PartClaim
  readonly #hash: StreamHash | undefined
  #read = 0
  #whole = false
  /** What the client got wrong. */
  failure: GatewayError | undefined

  constructor(body: Body | undefined, claim: PartClaim, platform: Pick<Platform, 'sha256'>) {
    this.#body = body
    this.#claim = claim
    this.#hash = claim.sha256 === undefined ? undefined : platform.sha256()
  }

  get length(): number {
    return this.#claim.length
  }

  /** Whether all bytes were read and are those announced. */
  get isWhole(): boolean {
    return this.#whole
  }

  async read(): Promise<Uint8Array | undefined> {
    try {
      return await this.#next()
    } catch (cause) {
      this.failure ??=
        cause instanceof GatewayError
          ? cause
          : new GatewayError('client_gone', 'Cannot read the part to its end', { cause })
      throw this.failure
    }
  }

  async cancel(reason?: unknown): Promise<void> {
    await this.#body?.cancel(reason)
  }

  /** The error of a part that is not as long as it was signed for. */
  mismatch(actual: string): GatewayError {
    const { partNumber, length } = this.#claim
    const detail = `Send part ${partNumber} with exactly ${length} bytes, not ${actual}`
    return new GatewayError('upload_mismatch', detail, { partNumber })
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#whole) return undefined
    let chunk = await this.#take()
    if (this.#read === this.length) {
      // The chunk's memory is the body's again with the next read, which tells that there is no more.
      chunk = chunk?.slice()
      while ((await this.#take()) !== undefined);
      await this.#verify()
      this.#whole = true
    }
    return chunk
  }

  async #take(): Promise<Uint8Array | undefined> {
    const chunk = await this.#body?.read()
    this.#read += chunk?.length ?? 0
    if (this.#read > this.length) throw this.mismatch('more')
    if (chunk === undefined && this.#read < this.length) throw this.mismatch(`${this.#read}`)
    if (chunk !== undefined) await this.#hash?.update(chunk)
    return chunk
  }

  async #verify(): Promise<void> {
    const { partNumber, sha256 } = this.#claim
    if (this.#hash === undefined || encodeHex(await this.#hash.digest()) === sha256) return
    const detail = `Send part ${partNumber} again: it does not have the SHA-256 announced`
    throw new GatewayError('upload_mismatch', detail, { partNumber })
  }
}
