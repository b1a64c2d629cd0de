import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Scene, testClient } from './scene.ts'

for (const [client, variable] of [
  ['rclone', 'BULKWAY_RCLONE'],
  ['rclone 1.60', 'BULKWAY_RCLONE_1_60'],
] as const) {
  testClient({ client, variable, drive })
}

async function drive(scene: Scene, program: string): Promise<void> {
  const { bucket, folder, stored } = scene
  const settings: Record<string, string> = {
    RCLONE_CONFIG: join(folder, 'rclone.conf'),
    RCLONE_CONFIG_JOB_TYPE: 's3',
    RCLONE_CONFIG_JOB_PROVIDER: 'Other',
    RCLONE_CONFIG_JOB_ENDPOINT: scene.url,
    RCLONE_CONFIG_JOB_ACCESS_KEY_ID: scene.accessId,
    RCLONE_CONFIG_JOB_SECRET_ACCESS_KEY: scene.accessSecret,
    RCLONE_S3_UPLOAD_CUTOFF: '8M',
    RCLONE_RETRIES: '1',
    ...(scene.place.scheme === 'https' && { RCLONE_CA_CERT: scene.certificate }),
    // 1.60 cannot be told by this variable.
    AWS_CA_BUNDLE: '',
  }
  await writeFile(join(folder, 'rclone.conf'), '')
  const rclone = (...args: string[]) => scene.run(program, args, settings)
  const at = (key: string) => `job:${bucket}/${key}`

  const big = randomBytes(12 * 1024 * 1024 + 1)
  const tree = join(folder, 'tree')
  await mkdir(join(tree, 'sub ü+'), { recursive: true })
  await writeFile(join(tree, 'big'), big)
  await writeFile(join(tree, 'empty'), '')
  for (let i = 0; i < 7; i++) await writeFile(join(tree, `sub ü+/${i}.txt`), `${i}`)

  await rclone('copy', 'tree', at('tree'))
  expect((await stored('tree/big'))?.equals(big)).toBe(true)
  expect(`${await stored('tree/sub ü+/3.txt')}`).toBe('3')
  await rclone('check', 'tree', at('tree'))
  expect((await rclone('lsf', at(''))).split('\n').sort()).toEqual(['', 'in/', 'tree/'])
  const listed = await rclone('lsf', '--recursive', '--files-only', '--format', 'sp', at('tree'))
  expect(listed.split('\n').filter((line) => line !== '').length).toBe(9)
  expect(listed).toContain(`${big.length};big\n`)

  await rm(join(tree, 'sub ü+/6.txt'))
  await writeFile(join(tree, 'sub ü+/5.txt'), 'changed')
  await rclone('sync', 'tree', at('tree'))
  expect(await stored('tree/sub ü+/6.txt')).toBeUndefined()
  expect(`${await stored('tree/sub ü+/5.txt')}`).toBe('changed')
  await rclone('check', 'tree', at('tree'))

  await rclone('copy', at('tree'), 'back')
  expect((await readdir(join(folder, 'back'), { recursive: true })).length).toBe(9)
  await rclone('check', '--download', 'back', at('tree'))
  await rclone('copy', at('in/0-image.png'), 'back')

  // Within the bucket, on the server's side. It would create the bucket before it writes to its root.
  settings['RCLONE_S3_NO_CHECK_BUCKET'] = 'true'
  await rclone('copyto', at('tree/sub ü+/3.txt'), at('copied'))
  expect(`${await stored('copied')}`).toBe('3')
  await rclone('moveto', at('copied'), at('moved'))
  expect(await stored('copied')).toBeUndefined()
  await rclone('copyto', at('tree/big'), at('big-2'), '--s3-copy-cutoff', '5M')
  expect((await stored('big-2'))?.equals(big)).toBe(true)

  await rclone('deletefile', at('moved'))
  expect(await stored('moved')).toBeUndefined()
  await mkdir(join(folder, 'nothing'))
  await rclone('sync', 'nothing', at('tree'))
  expect(await rclone('lsf', '--recursive', '--files-only', at(''))).toBe('big-2\nin/0-image.png\n')
}
