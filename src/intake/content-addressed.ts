import type { StreamHash } from '../platform.ts'
import { encodeHex } from '../sigv4/encode.ts'
import type { StagedObject, StagedWriter } from '../store/staged-writer.ts'

/**
 * A writer that works out the SHA-256 of the payload while it passes: what `finish` gives has it as
 * lower-case hex. Each part is hashed before it is sent, so that nothing is held longer for it.
 */
export function createHashingWriter(writer: StagedWriter, hash: StreamHash): StagedWriter {
  /** Written into rooms of the part that is being filled, and not hashed yet. */
  let unhashed: Uint8Array[] = []

  async function catchUp(): Promise<void> {
    const pieces = unhashed
    unhashed = []
    for (const piece of pieces) await hash.update(piece)
  }

  return {
    room: () => writer.room(),
    advance(bytes) {
      const written = writer.room().subarray(0, bytes)
      writer.advance(bytes)
      if (bytes > 0) unhashed.push(written)
    },
    async flush() {
      await catchUp()
      await writer.flush()
    },
    async write(chunk) {
      await hash.update(chunk)
      await writer.write(chunk)
    },
    async finish(): Promise<StagedObject> {
      await catchUp()
      const object = await writer.finish()
      return { ...object, sha256: encodeHex(await hash.digest()) }
    },
    abort: (reason) => writer.abort(reason),
  }
}
