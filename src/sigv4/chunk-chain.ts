import type { Secret } from '../log.ts'
import type { Platform, StreamHash } from '../platform.ts'
import { encodeHex, encodeSigned, isSameText } from './encode.ts'
import { deriveSigner, type Scope, type Signer, scopeText } from './sign.ts'

/** What the signatures of a body's chunks hang on: the proven signature of its request. */
export interface ChunkSeed {
  readonly secret: Secret
  readonly scope: Scope
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string
  readonly signature: string
}

const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * Follows the signatures of the chunks of one body, each of which signs the one before it. Nothing is
 * kept of a chunk but its running hash.
 */
export class ChunkChain {
  readonly #seed: ChunkSeed
  readonly #platform: Pick<Platform, 'sha256' | 'digests'>
  #signer: Signer | undefined
  #previous: string
  #running: StreamHash | undefined

  constructor(seed: ChunkSeed, platform: Pick<Platform, 'sha256' | 'digests'>) {
    this.#seed = seed
    this.#platform = platform
    this.#previous = seed.signature
  }

  /** Adds bytes to the chunk under way. */
  update(bytes: Uint8Array): void | Promise<void> {
    if (bytes.length === 0) return
    this.#running ??= this.#platform.sha256()
    return this.#running.update(bytes)
  }

  /** Ends the chunk under way; whether the signature is that of all its bytes and those before. */
  async end(signature: string): Promise<boolean> {
    const running = this.#running
    this.#running = undefined
    const hash = running === undefined ? emptyHash : encodeHex(await running.digest())
    return await this.#check(signature, 'AWS4-HMAC-SHA256-PAYLOAD', [emptyHash, hash])
  }

  /** Whether the signature is that of the trailers, and of all chunks before them. */
  async endTrailers(
    trailers: Iterable<readonly [name: string, value: string]>,
    signature: string,
  ): Promise<boolean> {
    const lines = [...trailers].map(([name, value]) => `${name}:${value}\n`)
    const hash = this.#platform.sha256()
    await hash.update(encodeSigned(lines.sort().join('')))
    const digest = encodeHex(await hash.digest())
    return await this.#check(signature, 'AWS4-HMAC-SHA256-TRAILER', [digest])
  }

  async #check(signature: string, algorithm: string, hashes: readonly string[]): Promise<boolean> {
    const { secret, scope, timestamp } = this.#seed
    this.#signer ??= await deriveSigner(secret, scope, this.#platform.digests)
    const lines = [algorithm, timestamp, scopeText(scope), this.#previous, ...hashes]
    this.#previous = await this.#signer(lines.join('\n'))
    return isSameText(this.#previous, signature)
  }
}
