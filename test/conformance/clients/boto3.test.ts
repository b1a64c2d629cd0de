import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type ServedBucket, serveBucket } from '../job-bucket/serve-bucket.ts'

const python = process.env['BULKWAY_PYTHON']
const unset = 'Set BULKWAY_PYTHON to a python that has boto3'
const script = fileURLToPath(new URL('job-bucket-boto3.py', import.meta.url))
const run = promisify(execFile)

async function drive(served: ServedBucket, env: Record<string, string> = {}): Promise<void> {
  served.memory.put('real-day/real-grant/in/0-image.png', 'input', { 'content-type': 'image/png' })
  const { accessId, accessSecret, url } = served
  const { stdout } = await run(python ?? '', [script, url, accessId, accessSecret], {
    env: { PATH: process.env['PATH'], AWS_EC2_METADATA_DISABLED: 'true', ...env },
  })
  expect(stdout).toContain('done')
  expect(served.memory.uploads.size).toBe(0)
}

test('boto3 with its default settings uses the job bucket over http', async (context) => {
  if (python === undefined) return context.skip(unset)
  await using served = await serveBucket()
  await drive(served)
}, 120_000)

// Over https boto3 sends every body as aws-chunked with a trailing checksum.
test('boto3 with its default settings uses the job bucket over https', async (context) => {
  if (python === undefined) return context.skip(unset)
  const folder = await mkdtemp(join(tmpdir(), 'bulkway-tls-'))
  try {
    const key = join(folder, 'key.pem')
    const cert = join(folder, 'cert.pem')
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject]
    await run('openssl', [...request, '-keyout', key, '-out', cert])
    const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
    await using served = await serveBucket(tls)
    await drive(served, { AWS_CA_BUNDLE: cert, SSL_CERT_FILE: cert })
    expect(served.memory.requests.some(({ headers }) => headers?.['content-encoding'])).toBe(false)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)
