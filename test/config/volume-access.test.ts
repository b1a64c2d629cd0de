import { describe, expect, test } from 'vitest'
import { faultsOf as faults, readVolumes as read } from './volume-document.ts'

describe('access "volume"', () => {
  test('gives no s3Config, and names files by their path', () => {
    expect(read().endpoint('a')).toMatchObject({ as: 'path', access: 'volume', s3Config: 'never' })
  })

  test('allows links beside paths', () => {
    const endpoint = { rules: [{ pointer: '/input/audio', as: 'url' }] }
    expect(read({ endpoint }).endpoint('a')?.rules[0]?.as).toBe('url')
  })

  test.each(['key', 's3-uri', 'original'])('refuses "%s", which needs keys', (as) => {
    expect(faults({ endpoint: { as } })).toEqual({
      '/endpoints/a/as': `must not be "${as}" where access is "volume": the worker could not fetch it`,
    })
  })

  test('refuses an s3Config', () => {
    expect(faults({ endpoint: { s3Config: 'always' } })['/endpoints/a/s3Config']).toBe(
      'must be "never" where access is "volume", not "always"',
    )
  })

  test('refuses outputs of the worker wrapper, which writes to a job bucket', () => {
    expect(faults({ endpoint: { outputs: 'link' } })).toEqual({
      '/endpoints/a/outputs':
        'must not be "link" where access is "volume": the worker could not leave an output',
    })
  })

  test('needs a network volume', () => {
    expect(faults({ endpoint: { store: 'main' } })).toEqual({
      '/endpoints/a/access':
        'cannot be "volume" with the store "main" of kind "s3": its kind must be "runpod-volume"',
    })
  })
})

describe('as "path"', () => {
  test.each(['job-bucket', 'none'])('is nothing that access "%s" could use', (access) => {
    const message = `must not be "path" where access is "${access}": set access to "volume", with a store of kind "runpod-volume"`
    expect(faults({ endpoint: { access } })).toEqual({ '/endpoints/a/as': message })
    const rules = [{ pointer: '/input/x', as: 'path' }]
    expect(faults({ endpoint: { access, as: 'url', rules } })).toEqual({
      '/endpoints/a/rules/0/as': message,
    })
  })
})

describe('the account’s key of a network volume', () => {
  test.each(['sts', 'web-identity', 'r2', 'b2'])(
    'is not narrowed by access "%s": that is a fault',
    (access) => {
      const s3ConfigFields = { sessionToken: 'sessionToken' }
      expect(
        faults({ endpoint: { access, as: 'url', s3ConfigFields } })['/endpoints/a/access'],
      ).toContain('the keys of a network volume cover the whole account and do not expire')
    },
  )

  test('signs no URLs', () => {
    expect(faults({ endpoint: { files: 'redirect' } })).toEqual({
      '/endpoints/a/files':
        'must not be "redirect" with the store "volume": a network volume has no presigned URLs',
    })
  })

  test.each(['https://s3api-eu-ro-1.runpod.io', 'https://S3API-EU-RO-1.runpod.io./'])(
    'signs none either where the store at %s is called by another kind',
    (endpoint) => {
      const plain = { kind: 's3', endpoint, region: 'EU-RO-1', dataCenterId: undefined }
      const found = faults({ volume: plain, endpoint: { as: 'url', access: 'none' } })
      expect(found).toEqual({
        '/stores/volume/kind':
          'must be "runpod-volume": its endpoint is the S3 API of network volumes',
      })
    },
  )

  test('may serve the job bucket, and links, without a worker that mounts the volume', () => {
    expect(read({ endpoint: { as: 'key', access: 'job-bucket' } }).endpoint('a')?.access).toBe(
      'job-bucket',
    )
    expect(read({ endpoint: { as: 'url', access: 'none' } }).endpoint('a')?.access).toBe('none')
  })
})
