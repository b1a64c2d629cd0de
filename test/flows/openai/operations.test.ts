import { describe, expect, test } from 'vitest'
import { requireOwnOperation } from '../../../src/flows/openai/operations.ts'

const keys = { mode: 'keys', scopes: [] } as never
const passthrough = { mode: 'passthrough', scopes: [] } as never

const allowed = (method: string, path: string, principal = keys) => {
  try {
    requireOwnOperation(principal, method, path)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'not_found' })
    return false
  }
}

describe('callers who share a key upstream', () => {
  test.each([
    ['POST', 'openai/v1/chat/completions'],
    ['POST', 'openai/chat/completions'],
    ['POST', 'openai/v1/completions'],
    ['POST', 'openai/v1/embeddings'],
    ['POST', 'openai/v1/responses'],
    ['POST', 'openai/v1/images/generations'],
    ['POST', 'openai/v1/images/edits'],
    ['POST', 'openai/v1/audio/transcriptions'],
    ['POST', 'openai/v1/audio/speech'],
    ['POST', 'openai/v2/rerank'],
    ['POST', 'openai/v1/score'],
    ['POST', 'openai/v1/moderations'],
    ['GET', 'openai/v1/models'],
    ['GET', 'openai/v1/models/one'],
    ['GET', 'openai/v1/models/some/one'],
  ])('may use %s %s', (method, path) => {
    expect(allowed(method, path)).toBe(true)
  })

  test.each([
    ['GET', 'openai/v1/chat/completions'],
    ['GET', 'openai/v1/chat/completions/chatcmpl-1'],
    ['POST', 'openai/v1/chat/completions/chatcmpl-1'],
    ['GET', 'openai/v1/responses/resp_1'],
    ['POST', 'openai/v1/responses/resp_1/cancel'],
    ['DELETE', 'openai/v1/responses/resp_1'],
    ['DELETE', 'openai/v1/models/one'],
    ['GET', 'openai/v1/files'],
    ['POST', 'openai/v1/files'],
    ['POST', 'openai/v1/batches'],
    ['POST', 'openai/v1/uploads'],
    ['POST', 'openai/v1/load_lora_adapter'],
    ['GET', 'openai/v1/models/a/b/c'],
    ['GET', 'openai/metrics'],
    ['HEAD', 'openai/v1/models'],
    ['POST', 'openai/'],
    ['POST', 'openai/v1//completions'],
    ['POST', 'x/openai/v1/completions'],
  ])('have no %s %s', (method, path) => {
    expect(allowed(method, path)).toBe(false)
    expect(allowed(method, path, passthrough)).toBe(true)
  })
})
