import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Scene, testClient } from './scene.ts'

const megabyte = 1024 * 1024

for (const [client, variable] of [
  ['aws-cli', 'BULKWAY_AWS'],
  ['aws-cli 2', 'BULKWAY_AWS_V2'],
] as const) {
  testClient({ client, variable, drive: (scene, program) => drive(scene, program, client) })
}

async function drive(scene: Scene, program: string, client: string): Promise<void> {
  const { url, bucket, folder, stored } = scene
  const aws = (...args: string[]) => scene.run(program, ['--endpoint-url', url, ...args])
  const refused = (...args: string[]) => scene.fail(program, ['--endpoint-url', url, ...args])
  const at = (key: string) => `s3://${bucket}/${key}`
  const here = (name: string) => join(folder, name)

  // Single files, small and in parts, both ways and between two keys.
  const big = randomBytes(12 * megabyte + 1)
  await writeFile(here('small ü+.txt'), 'hello')
  await writeFile(here('big'), big)
  await aws('s3', 'cp', 'small ü+.txt', at('dir/'))
  expect(`${await stored('dir/small ü+.txt')}`).toBe('hello')
  await aws('s3', 'cp', 'big', at('big'))
  expect((await stored('big'))?.equals(big)).toBe(true)
  await aws('s3', 'cp', at('big'), 'back')
  expect((await readFile(here('back'))).equals(big)).toBe(true)
  await aws('s3', 'cp', at('in/0-image.png'), 'image.png')
  expect(await readFile(here('image.png'), 'utf8')).toBe('input')
  await aws('s3', 'cp', at('dir/small ü+.txt'), at('copy'))
  expect(`${await stored('copy')}`).toBe('hello')
  expect(await aws('s3', 'cp', at('copy'), '-')).toBe('hello')
  // By default version 2 asks for the tags of what it copies in parts, which are not served.
  const asksForTags = client === 'aws-cli 2'
  if (asksForTags) {
    expect(await refused('s3', 'cp', at('big'), at('big-copy'))).toContain('GetObjectTagging')
  }
  const props = asksForTags ? ['--copy-props', 'metadata-directive'] : []
  await aws('s3', 'cp', at('big'), at('big-copy'), ...props)
  expect((await stored('big-copy'))?.equals(big)).toBe(true)
  await aws('s3', 'mv', at('copy'), at('moved'))
  expect(await stored('copy')).toBeUndefined()
  expect(`${await stored('moved')}`).toBe('hello')
  await refused('s3', 'cp', 'big', at('in/0-image.png'))
  await refused('s3', 'rm', at('in/0-image.png'))

  // Folders.
  await mkdir(here('tree/sub'), { recursive: true })
  for (let i = 0; i < 7; i++) {
    const name = here(`tree/${i < 3 ? 'sub/' : ''}${i}.txt`)
    await writeFile(name, `${i}`)
    await utimes(name, 1_700_000_000, 1_700_000_000)
  }
  await aws('s3', 'sync', 'tree', at('tree'))
  expect(await aws('s3', 'sync', 'tree', at('tree'))).toBe('')
  expect(await aws('s3', 'ls', at('tree/'))).toMatch(/PRE sub\/\n.* 1 3\.txt\n/)
  const all = await aws('s3', 'ls', '--recursive', '--summarize', at(''))
  expect(all).toContain('Total Objects: 12')
  expect(all).toContain(' tree/sub/2.txt\n')
  expect(await aws('s3', 'ls')).toMatch(/^\S+ \S+ \S+\n$/)
  await aws('s3', 'sync', at('tree'), 'tree-back')
  expect((await readdir(here('tree-back'), { recursive: true })).length).toBe(8)
  await rm(here('tree/6.txt'))
  expect(await aws('s3', 'sync', '--delete', 'tree', at('tree'))).toContain('delete: ')
  expect(await stored('tree/6.txt')).toBeUndefined()

  const link = (await aws('s3', 'presign', at('moved'))).trim()
  if (scene.place.scheme === 'http') expect(await (await fetch(link)).text()).toBe('hello')

  await driveCalls({ aws, refused, bucket })

  await aws('s3', 'rm', at('moved'))
  await aws('s3', 'rm', '--recursive', at(''), '--exclude', 'in/*')
  expect(await aws('s3', 'ls', '--recursive', at(''))).toMatch(/^\S+ \S+ +5 in\/0-image\.png\n$/)
}

/** The single calls of `s3api`. */
async function driveCalls({
  aws,
  refused,
  bucket,
}: {
  aws(...args: string[]): Promise<string>
  refused(...args: string[]): Promise<string>
  bucket: string
}): Promise<void> {
  const api = (call: string, ...args: string[]) =>
    aws('s3api', call, '--bucket', bucket, '--output', 'json', ...args)
  const read = async (call: string, ...args: string[]) => JSON.parse(await api(call, ...args))
  await api('head-bucket')
  await api('get-bucket-location')
  expect(await read('head-object', '--key', 'big')).toMatchObject({
    ContentLength: 12 * megabyte + 1,
  })
  for (const call of ['list-objects', 'list-objects-v2']) {
    const { Contents } = await read(call, '--prefix', 'tree/', '--page-size', '2')
    expect(Contents.length).toBe(6)
  }
  await api('put-object', '--key', 'put', '--body', 'small ü+.txt', '--metadata', 'one=1')
  const got = await read('get-object', '--key', 'put', 'got')
  expect(got).toMatchObject({ ContentLength: 5, Metadata: { one: '1' } })
  await api('copy-object', '--key', 'put-2', '--copy-source', `${bucket}/put`)

  const { UploadId } = await read('create-multipart-upload', '--key', 'open')
  const upload = ['--key', 'open', '--upload-id', UploadId]
  await api('upload-part', ...upload, '--part-number', '1', '--body', 'small ü+.txt')
  expect((await read('list-parts', ...upload)).Parts).toMatchObject([{ PartNumber: 1, Size: 5 }])
  expect((await read('list-multipart-uploads')).Uploads).toMatchObject([{ Key: 'open', UploadId }])
  await api('abort-multipart-upload', ...upload)

  const doomed = JSON.stringify({ Objects: [{ Key: 'put' }, { Key: 'put-2' }] })
  expect((await read('delete-objects', '--delete', doomed)).Deleted.length).toBe(2)
  const acl = ['s3api', 'put-object-acl', '--bucket', bucket, '--key', 'big', '--acl', 'private']
  expect(await refused(...acl)).toContain('NotImplemented')
}
