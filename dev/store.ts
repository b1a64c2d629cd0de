import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answers, whenReady } from './child.ts'
import { startWrangler } from './wrangler.ts'

/** The keys of a store. */
export interface StoreKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** How to reach a bucket. */
export interface StoreFacts extends StoreKeys {
  /** URL without the bucket. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
}

/** A running store. */
export interface DevStore extends StoreFacts {
  /** Another bucket of it, with the same keys. */
  readonly volumeBucket: string
  stop(): Promise<void>
}

const bucket = 'bulkway-dev'
/** Holds what the stack's network volumes are read from. */
const volumeBucket = 'bulkway-volumes'

const script = `export default {
  fetch() {
    return new Response('The S3 endpoint is at /cdn-cgi/local/r2/s3\\n')
  },
}
`

/**
 * Starts local R2's S3 endpoint (an experimental part of wrangler) on `port`. What it stores, and
 * its keys, are kept in `directory`.
 */
export async function startStore(options: {
  readonly port: number
  readonly directory: string
  /** Default: random ones, made once for each directory. */
  readonly keys?: StoreKeys
}): Promise<DevStore> {
  const { port, directory } = options
  await mkdir(directory, { recursive: true })
  const keys = options.keys ?? (await keysOf(directory))
  const config = join(directory, 'wrangler.json')
  await writeFile(join(directory, 'store.js'), script)
  await writeFile(
    config,
    JSON.stringify({
      name: `bulkway-store-${port}`,
      main: 'store.js',
      compatibility_date: '2026-10-01',
      r2_buckets: [bucket, volumeBucket].map((name, at) => ({
        binding: `STORE${at}`,
        bucket_name: name,
        local_dev: { experimental_s3_credentials: keys },
      })),
    }),
  )
  const child = await startWrangler({ config, port, directory })
  const origin = `http://127.0.0.1:${port}`
  await whenReady('The store', child, () => answers(origin, (status) => status === 200))
  return {
    endpoint: `${origin}/cdn-cgi/local/r2/s3`,
    region: 'auto',
    bucket,
    volumeBucket,
    ...keys,
    stop: () => child.stop(),
  }
}

async function keysOf(directory: string): Promise<StoreKeys> {
  const path = join(directory, 'keys.json')
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(await readFile(path, 'utf8'))
    if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string') {
      return { accessKeyId, secretAccessKey }
    }
  } catch {
    // There are none yet.
  }
  const keys = {
    accessKeyId: `DEV${randomBytes(9).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  }
  await writeFile(path, JSON.stringify(keys), { mode: 0o600 })
  return keys
}
