/** The form of a bare server: busboy reads it, `Upload` of the AWS SDK stores its files as they come. */
import { pipeline } from 'node:stream/promises'
import { Upload } from '@aws-sdk/lib-storage'
import busboy from 'busboy'
import { servePeer } from './peer-server.ts'
import { client } from './staging.ts'

const Bucket = 'bench'
/** As the gateway's own, whose default it is (`staging.partBytes`). */
const partSize = 6_291_456
let made = 0

await servePeer(async (body) => {
  const input: Record<string, unknown> = {}
  const uploads: Promise<unknown>[] = []
  const form = busboy({ headers: body.headers })
  form.on('field', (name, value) => {
    if (name === 'input') Object.assign(input, JSON.parse(value))
    else input[name] = value
  })
  form.on('file', (name, Body, { mimeType }) => {
    const Key = `payload-${++made}`
    const params = { Bucket, Key, Body, ContentType: mimeType }
    uploads.push(new Upload({ client, params, partSize }).done())
    input[name] = `s3://${Bucket}/${Key}`
  })
  await pipeline(body, form)
  await Promise.all(uploads)
  return JSON.stringify({ input })
})
