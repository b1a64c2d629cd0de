import { expect, test } from 'vitest'
import {
  readComplete,
  readProgress,
  readSignedParts,
  readStarted,
} from '../../src/client/read-wire.ts'
import type * as Wire from '../../src/client/wire.ts'
import openapi from '../../src/contract/openapi.gen.json' with { type: 'json' }
import type { components } from '../../src/contract/types.gen.ts'

type Schemas = components['schemas']

// What the gateway answers is what the client reads, and what the client sends is what the gateway
// takes: the compiler says so, or this file does not compile.
const sent = {
  start: (one: Wire.StartUpload): Schemas['UploadRequest'] => one,
  landed: (one: Wire.LandedPart): Schemas['UploadedPart'] => one,
}
const answered = {
  started: (one: Schemas['StartedUpload']): Wire.StartedUpload => one,
  exists: ({ exists: _, ...one }: Schemas['ExistingUpload']): Wire.ExistingUpload => ({
    ...one,
    exists: true,
  }),
  progress: (one: Schemas['Upload']): Wire.UploadProgress => one,
  parts: (one: Schemas['SignedParts']): Wire.SignedParts => one,
  complete: (one: Schemas['CompletedUpload']): Wire.CompleteUpload => one,
}

test('reads the examples of the contract', () => {
  expect(Object.keys({ ...sent, ...answered })).toHaveLength(7)
  const uploads = openapi.paths['/v2/{endpointId}/uploads'].post.responses
  const started = uploads['201'].content['application/json'].example
  expect(readStarted(started)).toMatchObject({ uploadId: started.uploadId, partCount: 2 })
  const existing = uploads['200'].content['application/json'].example
  expect(readStarted(existing)).toEqual(existing)

  const upload = openapi.paths['/v2/{endpointId}/uploads/{uploadId}'].get.responses['200']
  expect(readProgress(upload.content['application/json'].example)).toMatchObject({
    state: 'open',
    landed: [{ partNumber: 1 }],
  })
  const parts = openapi.paths['/v2/{endpointId}/uploads/{uploadId}/parts'].post.responses['200']
  expect(readSignedParts(parts.content['application/json'].example).parts).toHaveLength(2)
  const complete =
    openapi.paths['/v2/{endpointId}/uploads/{uploadId}/complete'].post.responses['200']
  const { example } = complete.content['application/json']
  expect(readComplete(example)).toEqual(example)
})
