import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { compileRules } from '../../src/json/pointer.ts'
import type { LiftRule } from '../../src/json/rules.ts'
import { JsonSplicer, type SplicerOptions } from '../../src/json/splicer.ts'
import { createNodeBytes } from '../../src/runtimes/node-bytes.ts'
import type { Body, BodyKind } from './splice-bodies.ts'

const CHUNK_BYTES = 65_536
/** A multiple of 3, as the pool's parts are. */
const ROOM_BYTES = 6_291_456

const rules: LiftRule[] = [{ pointer: '/input/payload', stage: true, encoding: 'text' }]

/** What the gateway asks of the splicer, with a residue limit that no body here meets. */
export function optionsFor(kind: BodyKind): SplicerOptions {
  return {
    bytes: createNodeBytes(),
    nesting: 512,
    keyBytes: 1024,
    residueMaxBytes: 1e9,
    stageMinBytes: 65_536,
    lift: true,
    rules: kind === 'text' ? compileRules(rules) : [],
    watch: new Set(['s3Config', 's3_config', 'outputS3Config', 'output_s3_config']),
    watchTop: new Set(['input', 'webhook', 'policy']),
    refMarker: 'bulkway:',
  }
}

/** Views of 64 KiB, as Node reads a body. */
export function* chunksOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES)
}

/** Splices bodies, chunk by chunk, into one room that is used again. */
export function createSplice(options: SplicerOptions, Splicer = JsonSplicer) {
  const room = Buffer.alloc(ROOM_BYTES)
  return (body: Buffer, take?: (bytes: Uint8Array) => void): number => {
    const splicer = new Splicer(options)
    for (const chunk of chunksOf(body)) {
      splicer.push(chunk)
      for (let event = splicer.step(); event.kind !== 'more'; event = splicer.step()) {
        if (event.kind !== 'payload') take?.(room.subarray(0, splicer.written))
        if (event.kind !== 'payload-end') splicer.room(room)
      }
    }
    return splicer.end().bytes.length
  }
}

/**
 * Splices once more, untimed, and hashes what is lifted.
 *
 * @throws when it is not what the body was made of
 */
export function checkSplice(splice: ReturnType<typeof createSplice>, body: Body): void {
  const hash = createHash('sha256')
  let lifted = 0
  const residue = splice(body.bytes, (bytes) => {
    lifted += bytes.length
    hash.update(bytes)
  })
  const right =
    body.sha256 === undefined
      ? lifted === 0 && residue === body.bytes.length
      : hash.digest('hex') === body.sha256
  if (!right) throw new Error(`spliced wrongly: ${lifted} bytes lifted, ${residue} left`)
}
