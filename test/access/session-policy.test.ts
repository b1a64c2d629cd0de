import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { partitionOf, sessionPolicy } from '../../src/access/session-policy.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Mount } from '../../src/grants/grant.ts'

const place = { bucket: 'bulkway', partition: 'aws' }
const folder = '2026-11-23/aaaaaaaaaaaaaaaaaaaaaaaaaa'
const inputs: Mount = { path: 'in/', key: `${folder}/in/`, mode: 'read' }
const outputs: Mount = { path: '', key: `${folder}/out/`, mode: 'read-write' }

/** IAM's decision over one policy, as its reference describes it: nothing of it comes from src/. */
function allows(
  policy: string,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
): boolean {
  const list = (value: unknown) => [value].flat().map(String)
  return JSON.parse(policy).Statement.some(
    (statement: {
      Effect: string
      Action: unknown
      Resource: unknown
      Condition?: { StringLike: Record<string, unknown> }
    }) =>
      statement.Effect === 'Allow' &&
      list(statement.Action).includes(action) &&
      list(statement.Resource).some((pattern) => matches(pattern, resource)) &&
      Object.entries(statement.Condition?.StringLike ?? {}).every(([key, patterns]) => {
        const value = context[key]
        return value !== undefined && list(patterns).some((pattern) => matches(pattern, value))
      }),
  )
}

/** `*` any text, `?` one character, `${*}`, `${?}`, `${$}` those characters themselves. */
function matches(pattern: string, text: string): boolean {
  const tokens = pattern.match(/\$\{[*?$]\}|[\s\S]/g) ?? []
  const source = tokens.map((token) => {
    if (token === '*') return '[\\s\\S]*'
    if (token === '?') return '[\\s\\S]'
    const literal = token.length > 1 && token.startsWith('${') ? (token[2] ?? '') : token
    return `\\u${literal.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  return new RegExp(`^${source.join('')}$`).test(text)
}

const arn = (key: string) => `arn:aws:s3:::bulkway/${key}`
const reads = (policy: string, key: string) => allows(policy, 's3:GetObject', arn(key))
const writes = (policy: string, key: string) => allows(policy, 's3:PutObject', arn(key))
const lists = (policy: string, prefix?: string) =>
  allows(policy, 's3:ListBucket', 'arn:aws:s3:::bulkway', {
    ...(prefix !== undefined && { 's3:prefix': prefix }),
  })

describe('the session policy of a job', () => {
  test('says what a job may, in so many words', () => {
    expect(JSON.parse(sessionPolicy([inputs, outputs], place))).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: [arn(`${folder}/in/*`), arn(`${folder}/out/*`)],
        },
        {
          Effect: 'Allow',
          Action: [
            's3:PutObject',
            's3:DeleteObject',
            's3:AbortMultipartUpload',
            's3:ListMultipartUploadParts',
          ],
          Resource: arn(`${folder}/out/*`),
        },
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::bulkway',
          Condition: { StringLike: { 's3:prefix': [`${folder}/in/*`, `${folder}/out/*`] } },
        },
      ],
    })
  })

  const policy = sessionPolicy(
    [{ path: 'in/ref.bin', key: 'uploads/x/ref.bin', mode: 'read' }, inputs, outputs],
    place,
  )
  test.each([
    [`${folder}/in/0-file.png`, true, false],
    [`${folder}/out/result.png`, true, true],
    [`${folder}/out/a/b/c`, true, true],
    ['uploads/x/ref.bin', true, false],
    ['uploads/x/ref.bin2', false, false],
    ['uploads/x/', false, false],
    [`${folder}/in`, false, false],
    [`${folder}/outside/x`, false, false],
    [`${folder}/webhook/x`, false, false],
    ['2026-11-23/bbbbbbbbbbbbbbbbbbbbbbbbbb/out/x', false, false],
    [`grants/${folder}`, false, false],
    ['', false, false],
  ])('%s: read %s, write %s', (key, readable, writable) => {
    expect([reads(policy, key), writes(policy, key)]).toEqual([readable, writable])
    expect(allows(policy, 's3:DeleteObject', arn(key))).toBe(writable)
    expect(allows(policy, 's3:GetObject', `arn:aws:s3:::other/${key}`)).toBe(false)
  })

  test.each([
    [`${folder}/out/`, true],
    [`${folder}/in/0-`, true],
    [undefined, false],
    ['', false],
    [`${folder}/`, false],
    [`${folder}/out`, false],
    ['uploads/x/ref.bin', false],
  ])('lists %s: %s', (prefix, listable) => {
    expect(lists(policy, prefix)).toBe(listable)
  })

  test.each([
    's3:ListAllMyBuckets',
    's3:ListBucketMultipartUploads',
    's3:GetBucketLocation',
    's3:PutObjectAcl',
    's3:GetObjectVersion',
    's3:PutBucketPolicy',
    'sts:AssumeRole',
  ])('never allows %s', (action) => {
    for (const resource of ['*', 'arn:aws:s3:::bulkway', arn(`${folder}/out/x`)]) {
      expect(allows(policy, action, resource, { 's3:prefix': `${folder}/out/` })).toBe(false)
    }
  })

  test('takes no meaning from a key', () => {
    const variables = ['aws:username', '*'].map((name) => `$\{${name}}`)
    for (const key of ['a*', 'a?b', '$', ...variables, 'a$b', '"\\', 'tökén 日本']) {
      const mount: Mount = { path: 'in/x', key, mode: 'read' }
      const text = sessionPolicy([mount], place)
      expect(text).toMatch(/^[ -~]*$/)
      expect(reads(text, key)).toBe(true)
      for (const other of ['ab', 'axb', 'a', 'root', `${key}x`, '*']) {
        if (other !== key) expect([key, other, reads(text, other)]).toEqual([key, other, false])
      }
    }
  })

  test('allows nothing to a grant without mounts', () => {
    expect(JSON.parse(sessionPolicy([], place)).Statement).toEqual([])
  })

  test.each(['', 'folder', 'a/b'])('is not made for the prefix %j, which is none', (key) => {
    expect(() => sessionPolicy([{ path: 'in/', key, mode: 'read' }], place)).toThrow(TypeError)
  })

  test('is refused beyond 2,048 characters, with the limit', () => {
    const mounts = Array.from({ length: 40 }, (_, at): Mount => {
      return { path: `in/${at}`, key: `uploads/${'x'.repeat(40)}/${at}`, mode: 'read' }
    })
    const refused = () => sessionPolicy(mounts, place)
    expect(refused).toThrow(GatewayError)
    expect(refused).toThrow(/2048 characters allowed, \d{4} needed/)
  })

  test('is valid and narrow, or refused, whatever the mounts', () => {
    const key = fc.oneof(
      fc.string({ minLength: 1, maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(...'a/*?$}{"\\.é'), minLength: 1, maxLength: 20 }),
    )
    const mount = fc
      .record({
        key,
        isPrefix: fc.boolean(),
        mode: fc.constantFrom('read' as const, 'read-write' as const),
      })
      .map(({ key, isPrefix, mode }): Mount => {
        return { path: isPrefix ? 'p/' : 'p', key: isPrefix ? `${key}/` : key, mode }
      })
    fc.assert(
      fc.property(fc.array(mount, { maxLength: 12 }), key, (mounts, asked) => {
        let text: string
        try {
          text = sessionPolicy(mounts, place)
        } catch (error) {
          expect(error).toMatchObject({ code: 'access_refused', facts: { limit: 2048 } })
          return
        }
        expect(text.length).toBeLessThanOrEqual(2048)
        const covers = ({ path, key }: Mount, name: string) =>
          path.endsWith('/') ? name.startsWith(key) : name === key
        const near = mounts.flatMap(({ key }) => [key, `${key}x`, key.slice(0, -1), `${key}/x`])
        for (const name of [asked, ...near]) {
          const covering = mounts.filter((mount) => covers(mount, name))
          expect(reads(text, name)).toBe(covering.length > 0)
          expect(writes(text, name)).toBe(covering.some(({ mode }) => mode === 'read-write'))
          const listable = covering.some(({ path }) => path.endsWith('/'))
          expect(lists(text, name)).toBe(listable)
        }
      }),
    )
  })
})

describe('partitionOf', () => {
  test.each([
    ['arn:aws:iam::123456789012:role/a', 'aws'],
    ['arn:aws-cn:iam::123456789012:role/a', 'aws-cn'],
    ['arn:aws-us-gov:iam::123456789012:role/a', 'aws-us-gov'],
    ['arn:minio:iam:::role/idmp-a', 'aws'],
    ['arn:aws:iam:::role/a', 'aws'],
  ])('of %s is %s', (roleArn, partition) => {
    expect(partitionOf(roleArn)).toBe(partition)
  })
})
