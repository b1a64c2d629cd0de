import { GatewayError } from '../../src/errors.ts'
import type { stageForm } from '../../src/intake/stage-form.ts'
import type { ArrivingFile } from '../../src/intake/staged-file.ts'
import { createNodePlatform } from '../../src/runtimes/node-platform.ts'
import type { BufferPool } from '../../src/store/buffer-pool.ts'
import { createStagedWriter, type StagedWriter } from '../../src/store/staged-writer.ts'
import type { MemoryStore } from './memory-store.ts'

const node = createNodePlatform({ write() {} })
export const platform = { ...node, wait: async () => {} }

export const limits = {
  formParts: 20,
  formNameBytes: 64,
  formHeaderBytes: 512,
  payloadBytes: 1000,
  nesting: 20,
  keyBytes: 64,
}

/** Opens writers whose objects are `k/0`, `k/1` …; remembers what they were opened for. */
export function openIn(to: { store: MemoryStore; pool: BufferPool }, opened: ArrivingFile[]) {
  return (file: ArrivingFile): StagedWriter => {
    opened.push(file)
    return createStagedWriter({
      ...to,
      platform,
      partBytes: 12,
      partsInFlight: 2,
      name: () => ({ key: `k/${file.index}`, contentType: file.mediaType ?? '' }),
    })
  }
}

/** Chunks that are spoilt once the next one is asked for, as a reused buffer is. */
export function bodyOf(chunks: Iterable<Uint8Array>, end: () => void = () => {}) {
  const iterator = chunks[Symbol.iterator]()
  let last: Uint8Array | undefined
  return {
    async read() {
      last?.fill(0x2d)
      last = undefined
      const next = iterator.next()
      if (next.done === true) return void end()
      last = Uint8Array.from(next.value)
      return last
    },
  }
}

/** The problem that a promise ends in: its code and text. */
export async function problemOf(staging: Promise<unknown>): Promise<string> {
  const error = await staging.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof GatewayError ? error.message : String(error)
}

export type StageFormChanges = Partial<Parameters<typeof stageForm>[0]>
