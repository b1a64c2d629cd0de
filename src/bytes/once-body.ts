import type { Body } from '../platform.ts'

/** A body of bytes that were read already. */
export function onceBody(bytes: Uint8Array): Body {
  let left: Uint8Array | undefined = bytes.length === 0 ? undefined : bytes
  return {
    async read() {
      const chunk = left
      left = undefined
      return chunk
    },
    async cancel() {
      left = undefined
    },
    stream: () => new Blob([new Uint8Array(bytes)]).stream(),
  }
}
