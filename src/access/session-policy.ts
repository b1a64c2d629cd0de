import { GatewayError } from '../errors.ts'
import type { Mount } from '../grants/grant.ts'

/** What STS takes as `Policy`; radosgw 16 ends when it is sent twice as much. */
export const policyMaxCharacters = 2048

const writeActions = [
  's3:PutObject',
  's3:DeleteObject',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
]

/** Where a policy's resources lie. */
export interface PolicyPlace {
  readonly bucket: string
  /** Second part of ARNs, such as `aws` or `aws-cn`. */
  readonly partition: string
}

/**
 * The inline session policy of a grant, as compact ASCII JSON: objects of its mounts can be read, those
 * of its read-write mounts also written and deleted, the mounts' prefixes listed; nothing else.
 * Open uploads cannot be listed: there is no condition that would hold that to a prefix.
 *
 * @throws {GatewayError} access_refused where that takes more than 2,048 characters
 */
export function sessionPolicy(mounts: readonly Mount[], place: PolicyPlace): string {
  const text = policyText(mounts, place)
  if (text.length > policyMaxCharacters) throw tooLong(text.length)
  return text
}

/** Whether one session policy can name all these mounts. */
export function fitsPolicy(mounts: readonly Mount[], place: PolicyPlace): boolean {
  return policyText(mounts, place).length <= policyMaxCharacters
}

function policyText(mounts: readonly Mount[], place: PolicyPlace): string {
  const bucketArn = `arn:${place.partition}:s3:::${escapePolicy(place.bucket)}`
  const patterns = mounts.map((mount) => ({ ...mount, pattern: patternOf(mount) }))
  const writable = patterns.filter(({ mode }) => mode === 'read-write')
  const prefixes = patterns.filter(isPrefix)
  const resources = (some: typeof patterns) =>
    compact(some.map(({ pattern }) => `${bucketArn}/${pattern}`))
  const statements = [
    patterns.length > 0 && {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: resources(patterns),
    },
    writable.length > 0 && { Effect: 'Allow', Action: writeActions, Resource: resources(writable) },
    prefixes.length > 0 && {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: bucketArn,
      Condition: { StringLike: { 's3:prefix': compact(prefixes.map(({ pattern }) => pattern)) } },
    },
  ].filter((statement) => statement !== false)
  return escapeUnicode(JSON.stringify({ Version: '2012-10-17', Statement: statements }))
}

/** The partition that a role's ARN names; servers with ARNs of their own take `aws`. */
export function partitionOf(roleArn: string): string {
  return /^arn:(aws-[a-z-]+):/.exec(roleArn)?.[1] ?? 'aws'
}

function isPrefix({ path }: Mount): boolean {
  return path === '' || path.endsWith('/')
}

function patternOf(mount: Mount): string {
  if (!isPrefix(mount)) return escapePolicy(mount.key)
  // Without its slash it would reach its neighbours, and the empty one everything.
  if (!mount.key.endsWith('/')) throw new TypeError('A prefix of a grant has no slash at its end')
  return `${escapePolicy(mount.key)}*`
}

/** Each once; one alone needs no brackets. */
function compact(texts: readonly string[]): string | string[] {
  const once = [...new Set(texts)]
  const [only = ''] = once
  return once.length === 1 ? only : once
}

/**
 * Takes their meaning from wildcards and policy variables. radosgw knows no such escapes: there such a
 * key cannot be read, and no other one that a gateway writes can be.
 */
function escapePolicy(text: string): string {
  return text.replace(/[*?]|\$(?=\{)/g, (character) => `\${${character}}`)
}

/** `Policy` may hold characters up to U+00FF only. */
function escapeUnicode(json: string): string {
  return json.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function tooLong(actual: number): GatewayError {
  const limit = policyMaxCharacters
  const detail = `Cannot name the files of the job in one session policy: ${limit} characters allowed, ${actual} needed`
  return new GatewayError('access_refused', detail, { limit, actual })
}
