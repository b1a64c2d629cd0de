import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, it } from 'vitest'
import { readWorkerLink, type WorkerLinkOptions } from '../../src/outputs/worker-link.ts'

const accessId = 'BW1AJQTC'
const bases = ['https://gw.example/s3', 'https://s3.gw.example']
function keyOf(url: string, options: WorkerLinkOptions): string | undefined {
  const link = readWorkerLink(url, options)
  return link !== undefined && 'key' in link ? link.key : undefined
}
const resolve = (url: string) => keyOf(url, { bases, accessId })
const refusal = (url: string, more: Partial<WorkerLinkOptions> = {}) => {
  const link = readWorkerLink(url, { bases, accessId, ...more })
  return link !== undefined && 'refused' in link ? link.refused : undefined
}

function presign(endpoint: string, key: string, id = accessId): Promise<string> {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: id, secretAccessKey: 'x' },
  })
  return getSignedUrl(client, new GetObjectCommand({ Bucket: 'job_files', Key: key }))
}

const v2 = (key: string, id = accessId) =>
  `https://gw.example/s3/job_files/${key}?AWSAccessKeyId=${id}&Signature=a%2Bb%3D&Expires=1800000000`

describe('a link that a worker made', () => {
  it('is known when the official SDK signed it with the key of the job', async () => {
    for (const base of bases) {
      for (const key of ['out/a.png', 'ä b+c%20d/(1)!.png', 'x//y', '日本/😀']) {
        expect(resolve(await presign(base, key)), key).toBe(key)
      }
    }
  })

  it('is not known when it was signed with another key', async () => {
    expect(resolve(await presign('https://gw.example/s3', 'a.png', 'BW1OTHER'))).toBeUndefined()
    expect(resolve(v2('a.png', 'BW1OTHER'))).toBeUndefined()
    expect(resolve(v2('a.png', `${accessId}X`))).toBeUndefined()
  })

  it('is known in the spelling of boto3, which is SigV2 unless told otherwise', () => {
    expect(resolve(v2('abc/1f%20e.png'))).toBe('abc/1f e.png')
  })

  it('is known without a signature, as bucket_upload gives it back', () => {
    expect(resolve('https://gw.example/s3/job_files/job-1/a.png')).toBe('job-1/a.png')
    expect(resolve('https://GW.example:443/s3/11-26/job-1//tmp/a.png')).toBe('job-1//tmp/a.png')
    expect(resolve('https://s3.gw.example/my-bucket/a.png')).toBe('a.png')
    expect(resolve('https://gw.example/s3/job_files/100%.png')).toBe('100%.png')
    expect(resolve('https://gw.example/s3/job_files/ä b.png')).toBe('ä b.png')
  })

  it('is decoded once', () => {
    expect(resolve('https://gw.example/s3/b/a%2520b')).toBe('a%20b')
    expect(resolve('https://gw.example/s3/b/%252e%252e/x')).toBe('%2e%2e/x')
    expect(resolve('https://gw.example/s3/b/a+b')).toBe('a+b')
  })

  it('is no link when its path could mean another', () => {
    for (const path of [
      '../x',
      'a/../b',
      'a/./b',
      'a/..',
      '.',
      '%2e%2e/x',
      'a%2f..%2fb',
      'a%2F%2E%2E%2Fb',
      '..%5cx',
      'a\\..\\b',
      'a%00b',
    ]) {
      expect(resolve(`https://gw.example/s3/b/${path}`), path).toBeUndefined()
      expect(resolve(v2(path)), path).toBeUndefined()
    }
    expect(resolve('https://gw.example/s3/../x/y')).toBeUndefined()
    expect(resolve('https://gw.example/s3/%2e%2e/x')).toBeUndefined()
  })

  it('is no link of the job bucket elsewhere', () => {
    for (const url of [
      'http://gw.example/s3/b/k',
      'https://gw.example:8443/s3/b/k',
      'https://gw.example.evil/s3/b/k',
      'https://gw.example@evil.example/s3/b/k',
      'https://evil.example/?x=https://gw.example/s3/b/k',
      'https://gw.example/s3x/b/k',
      'https://gw.example/files/b/k',
      'https://gw.example/s3/b',
      'https://gw.example/s3/b/',
      'https://gw.example/s3//k',
      'https://gw.example/s3',
      's3://job_files/k',
      'nonsense',
      '',
    ]) {
      expect(resolve(url), url).toBeUndefined()
    }
  })

  it('is no link to a file when its query is another one', () => {
    const plain = 'https://gw.example/s3/b/k'
    for (const query of [
      '',
      'x=1',
      `AWSAccessKeyId=${accessId}`,
      `X-Amz-Credential=${accessId}/20261121/us-east-1/s3/aws4_request`,
      `AWSAccessKeyId=${accessId}&Signature=x&uploadId=1`,
      `AWSAccessKeyId=${accessId}&AWSAccessKeyId=${accessId}&Signature=x`,
      `AWSAccessKeyId=${accessId}&Signature=%zz`,
    ]) {
      expect(resolve(`${plain}?${query}`), query).toBeUndefined()
    }
    expect(resolve(`${plain}#x`)).toBeUndefined()
  })
})

describe('a link with the bucket in its host', () => {
  const below = ['https://s3.gw.example', 'https://b.example:8443/base']
  const inHost = (url: string) => keyOf(url, { below, accessId })

  it('is known plain and presigned by the official SDK', async () => {
    expect(inHost('https://job_files.s3.gw.example/out/a%20b.png')).toBe('out/a b.png')
    expect(inHost('https://11-26.b.example:8443/base/out/a.png')).toBe('out/a.png')
    const client = new S3Client({
      endpoint: 'https://s3.gw.example',
      region: 'us-east-1',
      credentials: { accessKeyId: accessId, secretAccessKey: 'x' },
    })
    for (const Bucket of ['my-bucket', '11-26']) {
      const command = new GetObjectCommand({ Bucket, Key: 'ä b+c%20d/(1)!.png' })
      const url = await getSignedUrl(client, command)
      expect(new URL(url).host).toBe(`${Bucket}.s3.gw.example`)
      expect(inHost(url), url).toBe('ä b+c%20d/(1)!.png')
    }
  })

  it('is none elsewhere', () => {
    for (const url of [
      'https://s3.gw.example/out/a.png',
      'http://job_files.s3.gw.example/out/a.png',
      'https://job_files.s3.gw.example:8443/out/a.png',
      'https://job_files.s3.gw.example.evil/out/a.png',
      'https://job_filess3.gw.example/out/a.png',
      'https://11-26.b.example:8443/other/a.png',
      'https://x@job_files.s3.gw.example/out/a.png',
      'https://job_files.s3.gw.example/',
      'https://job_files.s3.gw.example/../a.png',
    ]) {
      expect(inHost(url), url).toBeUndefined()
    }
  })
})

describe('an S3 URI', () => {
  const uri = (url: string) => keyOf(url, { uris: ['job_files', 'acme/2026-11-21'], accessId })

  it('names its key as it is', () => {
    expect(uri('s3://job_files/out/a b%20?#.png')).toBe('out/a b%20?#.png')
    expect(uri('s3://acme/2026-11-21/grant/out/a')).toBe('grant/out/a')
  })

  it('is none of another bucket, nor one that could mean another key', () => {
    for (const text of [
      's3://job_files',
      's3://job_files/',
      's3://job_files2/a',
      's3://other/a',
      'S3://job_files/a',
      's3://job_files/../a',
      's3://job_files/a/./b',
      's3://job_files/a\\..\\b',
      's3://job_files/a\0b',
    ]) {
      expect(uri(text), text).toBeUndefined()
    }
  })
})

describe('a text that is a plain link', () => {
  it('may have anything in its key', () => {
    const plain = 'https://gw.example/s3/b/out/a #1?.png'
    expect(keyOf(plain, { bases, accessId, isString: true })).toBe('out/a #1?.png')
    expect(keyOf(plain, { bases, accessId })).toBeUndefined()
    const signed = `${v2('a.png')} and more`
    expect(keyOf(signed, { bases, accessId })).toBe('a.png')
  })
})

describe('a link that is refused', () => {
  it('says why, where it leads to files of jobs', () => {
    expect(refusal(v2('a.png', 'BW1OTHER'))).toBe('another job')
    expect(refusal('https://gw.example/s3/b/../x')).toBe('unclear path')
    expect(refusal('https://gw.example/s3/%2e%2e/x')).toBe('unclear path')
    expect(refusal('s3://job_files/a/../b', { uris: ['job_files'] })).toBe('unclear path')
  })

  it('is no refusal where it is no link to a file', () => {
    for (const url of [
      'https://gw.example/s3',
      'https://gw.example/s3/b',
      'https://gw.example/s3/b/',
      'https://gw.example/s3/b/k?x=1',
      `${v2('a.png', 'BW1OTHER')}&uploadId=1`,
      `https://elsewhere.example/b/../k`,
      v2('a.png', 'BW1OTHER').replace('gw.example', 'elsewhere.example'),
    ]) {
      expect(refusal(url), url).toBeUndefined()
    }
  })
})

describe('a link that a worker made with a key of the store itself', () => {
  const buckets = ['https://store.example/base/files', 'https://files.store.example/base']
  const key = 'day/grant/out/ä b.png'
  const spelled = 'day/grant/out/%C3%A4%20b.png'
  const inStore = (url: string) => keyOf(url, { buckets, accessId })
  const query = `X-Amz-Credential=${accessId}%2F20261121%2Fr%2Fs3%2Faws4_request&X-Amz-Signature=x`

  it('is known in both spellings of its bucket, and no bucket is named twice', async () => {
    for (const bucket of buckets) {
      expect(inStore(`${bucket}/${spelled}`)).toBe(key)
      expect(inStore(`${bucket}/${spelled}?${query}`)).toBe(key)
    }
    const client = new S3Client({
      endpoint: 'https://store.example/base',
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: accessId, secretAccessKey: 'x', sessionToken: 'y'.repeat(2000) },
    })
    const command = new GetObjectCommand({ Bucket: 'files', Key: key })
    expect(inStore(await getSignedUrl(client, command))).toBe(key)
  })

  it('is not known in another bucket, for another key, or where it could mean another', () => {
    for (const url of [
      `https://store.example/base/other/${spelled}`,
      `https://store.example/base/files2/${spelled}`,
      `https://other.store.example/base/${spelled}`,
      `https://files.store.example.evil/base/${spelled}`,
      `https://store.example/files/${spelled}`,
      'https://store.example/base/files/',
      'https://store.example/base/files/day/../x',
      `https://store.example/base/files/${spelled}?${query.replace(accessId, 'BW1OTHER')}`,
      `https://store.example/base/files/${spelled}?${query}&uploadId=1`,
    ]) {
      expect(inStore(url), url).toBeUndefined()
    }
  })
})
