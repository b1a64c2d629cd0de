import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { ScopedKey } from '../../src/grants/scoped-key.ts'
import { canonicalRequest, stringToSign } from '../../src/sigv4/canonical.ts'
import { scopeText, signSigV4 } from '../../src/sigv4/sign.ts'
import type { Carriage } from './frames.ts'

const bucket = 'job_files'

/** The URL of a GET, presigned by the official client. */
export async function signGet(url: string, key: ScopedKey, objectKey: string): Promise<string> {
  const client = new S3Client({
    endpoint: `${url}/s3`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: key.accessId, secretAccessKey: key.accessSecret.reveal() },
  })
  const command = new GetObjectCommand({ Bucket: bucket, Key: objectKey })
  return await getSignedUrl(client, command, { expiresIn: 86_400 })
}

/** The head of a PUT as SDKs send it: signed in the header, the body unsigned. */
export async function signPut(
  url: string,
  key: ScopedKey,
  objectKey: string,
  { carriage, bytes, wire }: { carriage: Carriage; bytes: number; wire: number },
): Promise<{ url: string; headers: Record<string, string> }> {
  const timestamp = new Date().toISOString().replace(/[:-]|\.\d+/g, '')
  const scope = { date: timestamp.slice(0, 8), region: 'us-east-1', service: 's3' }
  const chunked = carriage !== 'plain'
  const payloadHash = chunked ? 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' : 'UNSIGNED-PAYLOAD'
  const headers: Record<string, string> = {
    'content-length': String(wire),
    'x-amz-content-sha256': payloadHash,
    'x-amz-date': timestamp,
    ...(chunked && {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(bytes),
      'x-amz-trailer': `x-amz-checksum-${carriage}`,
    }),
  }
  const { host } = new URL(url)
  const names = [...Object.keys(headers), 'host'].sort()
  const rawPath = `/s3/${bucket}/${objectKey}`
  const request = { method: 'PUT', rawPath, query: [], headers: new Headers(headers), host }
  const canonical = canonicalRequest(request, names, payloadHash)
  const text = await stringToSign(timestamp, scopeText(scope), canonical)
  const signature = await signSigV4(key.accessSecret, scope, text)
  const credential = `Credential=${key.accessId}/${scopeText(scope)}`
  headers['authorization'] =
    `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { url: `${url}${rawPath}`, headers }
}
