import { utimesSync } from 'node:fs'
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openFile } from '../../src/client-node/open-file.ts'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, open: vi.fn(real.open) }
})

const bytes = 600_000
let directory: string
let path: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-source-'))
  path = join(directory, 'film.mp4')
  await writeFile(path, Buffer.alloc(bytes, 1))
})
afterEach(async () => {
  vi.mocked(open).mockClear()
  await rm(directory, { recursive: true, force: true })
})
/** Handles that were opened, each with whether it is closed. */
async function handles(): Promise<readonly boolean[]> {
  const opened = vi.mocked(open).mock.results.map(({ value }) => value as Promise<FileHandle>)
  return (await Promise.all(opened)).map(({ fd }) => fd === -1)
}
async function read(stream: ReadableStream<Uint8Array>, onChunk = () => {}): Promise<number> {
  let count = 0
  for await (const chunk of stream) {
    count += chunk.length
    onChunk()
  }
  return count
}

test('reads any range, and closes what it opened', async () => {
  const { stream } = await openFile(path)
  expect(await read(stream(0, bytes))).toBe(bytes)
  expect(await read(stream(1, 2))).toBe(1)
  expect(await read(stream(0, 0))).toBe(0)
  await stream(0, bytes).cancel()

  expect(await handles()).toEqual([true, true, true, true, true])
})

test.each(['stat', 'read'] as const)('closes a file whose %s fails', async (method) => {
  const { stream } = await openFile(path)
  const handle = await open(path)
  vi.spyOn(handle, method).mockRejectedValue(new Error('EIO'))
  vi.mocked(open).mockResolvedValueOnce(handle)

  await expect(read(stream(0, bytes))).rejects.toThrow('EIO')
  expect(await handles()).toEqual([true, true, true])
})

test('keeps the end of a range back when the file has changed meanwhile', async () => {
  const { stream } = await openFile(path)
  let seen = 0
  const reading = read(stream(0, bytes), () => {
    seen++
    utimesSync(path, 1, 1)
  })

  await expect(reading).rejects.toMatchObject({ code: 'file_unreadable' })
  expect(seen).toBeLessThan(Math.ceil(bytes / 262_144))
  expect(await handles()).toEqual([true, true])
})
