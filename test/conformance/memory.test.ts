import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openUploadScene, type UploadScene } from '../../bench/load/upload-scene.ts'
import { takeUploadTurn } from '../../bench/load/upload-turn.ts'
import { residentBytes } from '../../bench/process.ts'

const gibibyte = 2 ** 30
let scene: UploadScene

beforeEach(async () => {
  scene = await openUploadScene()
})
afterEach(async () => {
  await scene.close()
})

describe('the memory of a gateway on Node', () => {
  test.each(['null', 'put'] as const)(
    'stays small while a gigabyte comes over the network (%s store)',
    async (store) => {
      // Whatever is kept on the heap ends the process; whatever is kept beside it shows.
      const subject = await scene.start(store, ['--max-old-space-size=48'])
      const idleBytes = residentBytes(subject.process.pid).now
      const { peakBytes = Number.NaN } = await takeUploadTurn(scene, subject, gibibyte)
      expect((peakBytes - idleBytes) / 1e6).toBeLessThan(120)
    },
    180_000,
  )
})
