import type { LiftedPayload, Residue } from '../../src/json/residue.ts'
import { JsonSplicer, type SplicerOptions } from '../../src/json/splicer.ts'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'

export const bytes = createBytePrimitives()

export const defaults: SplicerOptions = {
  bytes,
  nesting: 512,
  keyBytes: 1024,
  residueMaxBytes: 10 * 1024 * 1024,
  stageMinBytes: 16,
  lift: true,
  rules: [],
  watch: new Set(),
}

export interface Spliced {
  readonly residue: Residue
  readonly payloads: readonly { readonly payload: LiftedPayload; readonly content: Buffer }[]
}

/** As `spliceAsIs`, with chunks of its own that are spoilt once they have been read. */
export function splice(
  chunks: Iterable<Uint8Array>,
  options: Partial<SplicerOptions> = {},
  roomBytes = 48,
): Spliced {
  function* spoilt(): Generator<Uint8Array> {
    for (const chunk of chunks) {
      const own = Uint8Array.from(chunk)
      yield own
      own.fill(0x22)
    }
  }
  return spliceAsIs(spoilt(), options, roomBytes)
}

/** Drives a splicer over chunks as the intake does, with rooms of `roomBytes`. */
export function spliceAsIs(
  chunks: Iterable<Uint8Array>,
  options: Partial<SplicerOptions> = {},
  roomBytes = 48,
): Spliced {
  const splicer = new JsonSplicer({ ...defaults, ...options })
  const payloads: { payload: LiftedPayload; content: Buffer }[] = []
  let pieces: Uint8Array[] = []
  let room = new Uint8Array(roomBytes)
  const feed = (): void => {
    for (;;) {
      const event = splicer.step()
      if (event.kind === 'more') return
      if (event.kind === 'payload') pieces = []
      else pieces.push(room.slice(0, splicer.written))
      if (event.kind === 'payload-end') {
        payloads.push({ payload: event.payload, content: Buffer.concat(pieces) })
      } else {
        room = new Uint8Array(roomBytes)
        splicer.room(room)
      }
    }
  }
  for (const chunk of chunks) {
    splicer.push(chunk)
    feed()
  }
  return { residue: splicer.end(), payloads }
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The whole in one chunk, in single bytes, and in two pieces cut at every byte. */
export function* everyCut(whole: Uint8Array): Generator<Uint8Array[]> {
  yield [whole]
  yield Array.from(whole, (_, at) => whole.subarray(at, at + 1))
  for (let at = 1; at < whole.length; at++) yield [whole.subarray(0, at), whole.subarray(at)]
}

/** A failure as text, `code offset pointer`, so that verdicts can be compared. */
export function verdict(run: () => unknown): string {
  try {
    run()
    return 'accepted'
  } catch (error) {
    const { code, facts } = error as {
      code?: string
      facts?: { offset?: number; pointer?: string }
    }
    if (code === undefined) throw error
    return `${code} ${facts?.offset} ${facts?.pointer ?? ''}`.trim()
  }
}
