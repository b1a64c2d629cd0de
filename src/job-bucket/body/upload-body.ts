import type { Body, OutgoingBody, Platform, StreamHash } from '../../platform.ts'
import { ChunkChain, type ChunkSeed } from '../../sigv4/chunk-chain.ts'
import { encodeHex, isSameText } from '../../sigv4/encode.ts'
import { S3Error } from '../s3-error.ts'
import { AwsChunkedDecoder, type ChunkSigning, trailerSignature } from './aws-chunked.ts'
import { type Checksum, checksumHeaders, createChecksum } from './checksum.ts'

/** `x-amz-content-sha256` of a body that its sender hashed: 64 digits of lower-case hex. */
export const literalHash: RegExp = /^[0-9a-f]{64}$/

const streamingForms: ReadonlyMap<string, ChunkSigning> = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'unsigned'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'chunks'],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', 'chunks-and-trailers'],
])

/** What is signed of a streaming body with that `x-amz-content-sha256`; undefined for another one. */
export function chunkSigningOf(payloadHash: string): ChunkSigning | undefined {
  return streamingForms.get(payloadHash)
}

interface Expected {
  readonly header: string
  readonly checksum: Checksum
  /** Undefined when it comes as a trailer. */
  readonly value: string | undefined
}

interface Plan {
  readonly length: number
  readonly decoder: AwsChunkedDecoder | undefined
  /** Of signed chunks. */
  readonly chain: ChunkChain | undefined
  readonly hash: { readonly running: StreamHash; readonly value: string } | undefined
  readonly expected: readonly Expected[]
}

/**
 * A client's body on its way to the store. Its last byte leaves only once length, hash, chunk
 * signatures and checksums hold; otherwise `read` rejects, and the store, which was told the length,
 * is left with a short body. That is why the bytes of a chunk may leave before its signature, which is
 * of the whole chunk, is known to be right.
 */
export class UploadBody implements OutgoingBody {
  readonly length: number
  readonly #source: Body | undefined
  readonly #plan: Plan
  #received = 0
  #last: Uint8Array | undefined
  #isVerified = false
  #failure: S3Error | undefined
  #isGivenUp = false
  #pending: Promise<unknown> | undefined

  constructor(source: Body | undefined, plan: Plan) {
    this.#source = source
    this.#plan = plan
    this.length = plan.length
  }

  /** Whether the whole body came and every check held. */
  get isVerified(): boolean {
    return this.#isVerified
  }

  /** What was wrong with the body, as the client is to be told. */
  get failure(): S3Error | undefined {
    return this.#failure
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#isVerified) return undefined
    if (this.#isGivenUp) throw this.#failure ?? new Error('The body was given up')
    const advance = this.#advance()
    this.#pending = advance
    try {
      return await advance
    } catch (error) {
      this.#isGivenUp = true
      this.#failure ??=
        error instanceof S3Error
          ? error
          : new S3Error('IncompleteBody', undefined, 'the sender went away')
      throw this.#failure
    }
  }

  /** Stops without cutting off the sender, who could not read the answer then: see `discard`. */
  async cancel(): Promise<void> {
    this.#isGivenUp = true
  }

  /**
   * Reads and drops what is left of the body, at most `maxBytes`, then cuts the sender off. Many
   * clients read no answer before they have sent everything.
   */
  async discard(maxBytes: number): Promise<void> {
    this.#isGivenUp = true
    await this.#pending?.catch(() => {})
    await discardBody(this.#source, maxBytes)
  }

  async #advance(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = await this.#source?.read()
      if (chunk === undefined) break
      const { decoder, chain } = this.#plan
      const bytes = decoder?.decode(chunk) ?? chunk
      if (decoder !== undefined && chain !== undefined) await follow(chain, decoder, bytes)
      if (bytes.length === 0) continue
      this.#received += bytes.length
      if (this.#received > this.length) throw new S3Error('IncompleteBody')
      await this.#plan.hash?.running.update(bytes)
      for (const { checksum } of this.#plan.expected) await checksum.update(bytes)
      if (this.#received < this.length) return bytes
      this.#last = bytes.slice(-1)
      if (bytes.length > 1) return bytes.subarray(0, -1)
    }
    await this.#verify()
    this.#isVerified = true
    return this.#last
  }

  async #verify(): Promise<void> {
    const { decoder, chain, hash, expected } = this.#plan
    if (this.#received !== this.length) throw new S3Error('IncompleteBody')
    if (decoder !== undefined && !decoder.isDone) throw new S3Error('IncompleteBody')
    if (decoder !== undefined) await checkTrailers(decoder.trailers, expected, chain)
    if (hash !== undefined) {
      const actual = encodeHex(await hash.running.digest())
      if (!isSameText(actual, hash.value)) throw new S3Error('XAmzContentSHA256Mismatch')
    }
    for (const { header, checksum, value } of expected) {
      const wanted = value ?? decoder?.trailers.get(header)
      if (wanted === undefined) throw new S3Error('MalformedTrailerError')
      if (!isSameText(await checksum.finish(), wanted)) {
        throw new S3Error('BadDigest', undefined, header)
      }
    }
  }
}

async function follow(
  chain: ChunkChain,
  decoder: AwsChunkedDecoder,
  bytes: Uint8Array,
): Promise<void> {
  let from = 0
  for (const { at, signature } of decoder.ends) {
    await chain.update(bytes.subarray(from, at))
    const isSigned = await chain.end(signature)
    if (!isSigned) throw new S3Error('SignatureDoesNotMatch', undefined, 'of a chunk')
    from = at
  }
  await chain.update(bytes.subarray(from))
}

/** Checks that no trailer came unannounced, and their signature if there is one. */
async function checkTrailers(
  trailers: ReadonlyMap<string, string>,
  expected: readonly Expected[],
  chain: ChunkChain | undefined,
): Promise<void> {
  const signature = chain && trailers.get(trailerSignature)
  const signed = [...trailers].filter(([name]) => chain === undefined || name !== trailerSignature)
  const announced = expected.filter(({ value }) => value === undefined)
  if (signed.some(([name]) => !announced.some(({ header }) => header === name))) {
    throw new S3Error('MalformedTrailerError', undefined, 'a trailer was not announced')
  }
  if (signature === undefined) return
  const isSigned = await chain?.endTrailers(signed, signature)
  if (!isSigned) throw new S3Error('SignatureDoesNotMatch', undefined, 'of the trailers')
}

/** Reads and drops a body, at most `maxBytes`, then cuts the sender off; never rejects. */
export async function discardBody(body: Body | undefined, maxBytes: number): Promise<void> {
  try {
    for (let left = maxBytes; left > 0; ) {
      const chunk = await body?.read()
      if (chunk === undefined) return
      left -= chunk.length
    }
  } catch {
    // The sender is gone: nothing is left to drop.
  }
  await body?.cancel().catch(() => {})
}

/**
 * Prepares a body for the store by its headers; `payloadHash` is the signed `x-amz-content-sha256`,
 * `seed` what the signatures of its chunks hang on, where they have any.
 * @throws {S3Error} MissingContentLength, InvalidRequest or NotImplemented
 */
export function createUploadBody(
  source: Body | undefined,
  headers: Headers,
  payloadHash: string,
  platform: Platform,
  seed?: ChunkSeed,
): UploadBody {
  const signing = chunkSigningOf(payloadHash)
  const isStreaming = signing !== undefined
  const isChained = isStreaming && signing !== 'unsigned'
  if (isChained && seed === undefined) throw new TypeError('Signed chunks need a seed')
  const codings = headers.get('content-encoding')?.toLowerCase() ?? ''
  if (!isStreaming && codings.split(',').some((coding) => coding.trim() === 'aws-chunked')) {
    throw new S3Error('InvalidRequest', 'aws-chunked needs a streaming x-amz-content-sha256')
  }
  if (!isStreaming && headers.has('x-amz-trailer')) {
    throw new S3Error('InvalidRequest', 'x-amz-trailer needs a streaming x-amz-content-sha256')
  }
  const lengthHeader = isStreaming ? 'x-amz-decoded-content-length' : 'content-length'
  const isEmpty = source === undefined && !isStreaming
  return new UploadBody(source, {
    length: isEmpty ? 0 : readLength(headers.get(lengthHeader)),
    decoder: isStreaming ? new AwsChunkedDecoder(signing) : undefined,
    chain: isChained && seed !== undefined ? new ChunkChain(seed, platform) : undefined,
    hash: literalHash.test(payloadHash)
      ? { running: platform.sha256(), value: payloadHash }
      : undefined,
    expected: readExpected(headers, isStreaming, platform),
  })
}

function readLength(text: string | null): number {
  if (text === null) throw new S3Error('MissingContentLength')
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidRequest', 'The length is not a number')
  return Number(text)
}

function readExpected(headers: Headers, isStreaming: boolean, platform: Platform): Expected[] {
  // Checksums in a presigned URL are left alone: SDKs put that of an empty body there by default.
  const expected: Expected[] = []
  const add = (header: string, value: string | undefined) => {
    const checksum = createChecksum(header, platform)
    // An unverified checksum must not look verified.
    if (checksum === undefined) throw new S3Error('NotImplemented', `${header} is not supported`)
    expected.push({ header, checksum, value })
  }
  for (const header of checksumHeaders) {
    const value = headers.get(header)
    if (value !== null) add(header, value)
  }
  const trailers = isStreaming ? (headers.get('x-amz-trailer') ?? '') : ''
  for (const name of trailers.split(',')) {
    if (name.trim() !== '') add(name.trim().toLowerCase(), undefined)
  }
  return expected
}
