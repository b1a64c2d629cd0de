import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { afterAll, beforeAll } from 'vitest'
import { type Chromium, chromiumPath, startChromium } from './chromium.ts'
import type { Page } from './page.ts'

/** False, with a word about it, where the machine has no Chromium. */
export const hasChromium = chromiumPath !== undefined
if (!hasChromium) {
  console.warn('No Chromium is here, so nothing is tested in one: name it in BULKWAY_CHROMIUM')
}

/** A browser for the tests of one file. */
export function useChromium(): { open(): Promise<Page> } {
  let chromium: Chromium | undefined
  beforeAll(async () => {
    if (hasChromium) chromium = await startChromium()
  })
  afterAll(() => chromium?.close())
  return {
    open() {
      if (chromium === undefined) throw new Error('Chromium does not run')
      return chromium.open()
    },
  }
}

/** Writes a file whose every block is another one; its SHA-256 in hex. */
export async function writeFileOf(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'w')
  const hash = createHash('sha256')
  const block = Buffer.alloc(1_000_000, 7)
  for (let at = 0; at < bytes; at += block.length) {
    block.writeUInt32BE(at, 0)
    const piece = block.subarray(0, Math.min(block.length, bytes - at))
    hash.update(piece)
    await file.write(piece)
  }
  await file.close()
  return hash.digest('hex')
}
