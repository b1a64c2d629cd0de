import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callerSecrets } from '../../src/access/caller-secrets.ts'

const literals = (value: unknown) => callerSecrets(value).map((secret) => secret.value.reveal())

describe("a caller's own s3Config", () => {
  it('gives its secrets in every spelling of the field', () => {
    const names = [
      'accessSecret',
      'access_secret',
      'secretAccessKey',
      'secretKey',
      'aws_secret_access_key',
      'AWS_SECRET_ACCESS_KEY',
      'sessionToken',
      'session_token',
      'aws_session_token',
    ]
    for (const name of names) expect(literals({ [name]: 'long-secret' })).toEqual(['long-secret'])
  })

  it('leaves what is no secret, and words too short to be told from others', () => {
    expect(
      literals({
        bucketName: 'a-long-bucket-name',
        endpointUrl: 'https://s3.example.com:9000/x',
        region: 'eu-central-1',
        accessId: 'AKIAIOSFODNN7EXAMPLE',
        aws_access_key_id: 'AKIAIOSFODNN7EXAMPLE',
        accessSecret: 'minio12',
        sessionToken: null,
        secretKey: 12345678,
      }),
    ).toEqual([])
  })

  it('finds secrets further down, and in the user info of a URL', () => {
    expect(literals({ config: [{ accessSecret: 'deep-secret' }] })).toEqual(['deep-secret'])
    expect(literals({ endpointUrl: 'https://id:password-1@s3.example.com/x' })).toEqual([
      'password-1',
    ])
  })

  it('gives each secret once', () => {
    expect(literals({ accessSecret: 'same-secret', secretKey: 'same-secret' })).toEqual([
      'same-secret',
    ])
  })

  it('refuses a secret that no scrubber could hold', () => {
    expect(() => callerSecrets({ accessSecret: 'x'.repeat(8193) })).toThrow('Shorten')
  })

  it('takes any JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(callerSecrets(value))))
    let nested: unknown = 'x'
    for (let i = 0; i < 5000; i++) nested = { a: nested }
    expect(callerSecrets(nested)).toEqual([])
  })
})
