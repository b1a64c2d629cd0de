import { GatewayError } from '../errors.ts'
import type { JsonSplicer, LiftedPayload, Residue } from '../json/splicer.ts'
import type { StagedObject, StagedWriter } from '../store/staged-writer.ts'

/** A payload that is in the store now. */
export interface StagedPayload {
  readonly payload: LiftedPayload
  readonly object: StagedObject
}

export interface StageJsonOptions {
  /** The request body, read to its end unless something fails. */
  readonly body: { read(): Promise<Uint8Array | undefined> }
  readonly splicer: JsonSplicer
  /** Awaited once, before the first byte is staged: the place to prove the caller's key. */
  beforeStaging(): Promise<void>
  open(payload: LiftedPayload): StagedWriter
  /** Removes an object again, when a later part of the body turns out bad. */
  discard(object: StagedObject): Promise<void>
}

/**
 * Walks a JSON body once: payloads go to the store while they arrive, the residue comes back.
 *
 * @throws {GatewayError} whatever the splicer, the store or `beforeStaging` throws, `client_gone`
 *   when the body breaks off; nothing stays in the store then.
 */
export async function stageJson(
  options: StageJsonOptions,
): Promise<{ residue: Residue; staged: readonly StagedPayload[] }> {
  const { body, splicer } = options
  const staged: StagedPayload[] = []
  let writer: StagedWriter | undefined
  let proven = false

  async function drain(): Promise<void> {
    for (;;) {
      const event = splicer.step()
      if (event.kind === 'more') return
      if (event.kind === 'payload') {
        if (!proven) await options.beforeStaging()
        proven = true
        writer = options.open(event.payload)
        await writer.flush()
        splicer.room(writer.room())
      } else if (event.kind === 'full') {
        writer?.advance(splicer.written)
        await writer?.flush()
        if (writer !== undefined) splicer.room(writer.room())
      } else if (writer !== undefined) {
        writer.advance(splicer.written)
        staged.push({ payload: event.payload, object: await writer.finish() })
        writer = undefined
      }
    }
  }

  try {
    for (;;) {
      const chunk = await readChunk(body)
      if (chunk === undefined) break
      splicer.push(chunk)
      await drain()
    }
    return { residue: splicer.end(), staged }
  } catch (error) {
    await writer?.abort(error)
    // What cannot be removed now is the sweep's; the client must hear of the first fault.
    await Promise.allSettled(staged.map(({ object }) => options.discard(object)))
    throw error
  }
}

/**
 * Reads on in a request body.
 *
 * @throws {GatewayError} client_gone when it breaks off
 */
export async function readChunk(body: StageJsonOptions['body']): Promise<Uint8Array | undefined> {
  try {
    return await body.read()
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('client_gone', 'Cannot read the request body to its end', { cause })
  }
}
