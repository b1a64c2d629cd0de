import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { useStack } from './harness.ts'
import { bytesOf, sha256 } from './payload.ts'

const run = promisify(execFile)
/** Interpreter that has the official `openai`: what `test/python/setup.sh openai` prints. */
const python = process.env['BULKWAY_PYTHON_OPENAI']

describe.skipIf(python === undefined)('The official OpenAI package for Python', () => {
  const stack = useStack({ worker: 'none' })

  test('chats with files, streams, sends forms and reads errors', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkway-openai-'))
    const path = join(folder, 'speech.wav')
    const file = bytesOf(700_000)
    await writeFile(path, file)
    try {
      const { stdout } = await run(python ?? '', [
        'test/python/openai_client.py',
        `${stack.url}/v2/always/openai/v1`,
        'rpa_test',
        path,
      ])
      const seen = (part: string) => `${part} of ${file.length} bytes ${sha256(file)}`
      const answered = ['You said hello', seen('image_url'), seen('audio_url')]
      expect(stdout.trim().split('\n')).toEqual([
        ...answered,
        ...answered,
        'You said hello',
        'You said hello',
        '[1.0, 0.5, -0.25]',
        "['emulated']",
        sha256(file),
        'upload_not_found /messages/0/content Error code: 404 - Cannot find the upload of this ref',
      ])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

test('CI has it', () => {
  const { CI, BULKWAY_PYTHON } = process.env
  if (CI !== undefined && BULKWAY_PYTHON !== undefined) expect(python).toBeDefined()
})
