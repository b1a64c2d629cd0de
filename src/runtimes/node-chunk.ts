/** Memory that a socket may still be reading. */
const leaving = new WeakSet<ArrayBufferLike>()

/** Bytes of a chunk below which freeing costs more than it saves. */
const worthFreeing = 4_096

/** Keeps the memory of a chunk, whatever its reader does, until what this gives is called. */
export function holdChunk({ buffer }: Uint8Array): () => void {
  leaving.add(buffer)
  return () => leaving.delete(buffer)
}

/**
 * Gives the memory of an HTTP message's chunk back, which nobody may see any more: V8 frees what it
 * holds outside its heap late, and by long collections. Does nothing while a socket holds it.
 */
export function freeChunk({ buffer, length }: Uint8Array): void {
  const isWhole = length === buffer.byteLength && buffer instanceof ArrayBuffer
  if (isWhole && length >= worthFreeing && !leaving.has(buffer)) buffer.transfer(0)
}
