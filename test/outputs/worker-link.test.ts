import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, it } from 'vitest'
import { resolveWorkerLink } from '../../src/outputs/worker-link.ts'

const accessId = 'BW1AJQTC'
const bases = ['https://gw.example/s3', 'https://s3.gw.example']
const resolve = (url: string) => resolveWorkerLink(url, { bases, accessId })

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

describe('a link that a worker made with a key of the store itself', () => {
  const buckets = ['https://store.example/base/files', 'https://files.store.example/base']
  const key = 'day/grant/out/ä b.png'
  const spelled = 'day/grant/out/%C3%A4%20b.png'
  const inStore = (url: string) => resolveWorkerLink(url, { buckets, accessId })
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
