import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { testClient } from './scene.ts'

// It takes no path in `host_base`, so the bucket has a host of its own.
testClient({
  client: 's3cmd',
  variable: 'BULKWAY_S3CMD',
  path: '',
  async drive(scene, program) {
    const { bucket, folder, stored } = scene
    const { host } = new URL(scene.url)
    const secure = scene.place.scheme === 'https'
    const config = join(folder, 's3cfg')
    const lines = [
      '[default]',
      `access_key = ${scene.accessId}`,
      `secret_key = ${scene.accessSecret}`,
      `host_base = ${host}`,
      `host_bucket = ${host}`,
      `use_https = ${secure ? 'True' : 'False'}`,
      ...(secure ? [`ca_certs_file = ${scene.certificate}`] : []),
    ]
    await writeFile(config, `${lines.join('\n')}\n`)
    const s3cmd = (...args: string[]) =>
      scene.run(program, ['--config', config, '--no-progress', ...args])
    const at = (key: string) => `s3://${bucket}/${key}`

    const big = randomBytes(12 * 1024 * 1024 + 1)
    await writeFile(join(folder, 'small ü+.txt'), 'hello')
    await writeFile(join(folder, 'big'), big)
    await s3cmd('put', 'small ü+.txt', at('dir/small ü+.txt'))
    expect(`${await stored('dir/small ü+.txt')}`).toBe('hello')
    await s3cmd('put', '--multipart-chunk-size-mb=5', 'big', at('big'))
    expect((await stored('big'))?.equals(big)).toBe(true)
    await s3cmd('get', at('big'), 'back')
    expect((await readFile(join(folder, 'back'))).equals(big)).toBe(true)
    await s3cmd('get', at('in/0-image.png'), 'image.png')
    expect(await readFile(join(folder, 'image.png'), 'utf8')).toBe('input')

    expect(await s3cmd('ls')).toContain('s3://')
    const top = await s3cmd('ls', at(''))
    expect(top).toMatch(/DIR +s3:\/\/job-files\/dir\/\n/)
    expect(top).toContain(` ${big.length}  ${at('big')}\n`)
    expect(await s3cmd('ls', '--recursive', at(''))).toContain(at('dir/small ü+.txt'))
    expect(await s3cmd('info', at('dir/small ü+.txt'))).toMatch(/MIME type: text\/plain/)

    await s3cmd('cp', at('dir/small ü+.txt'), at('copy'))
    expect(`${await stored('copy')}`).toBe('hello')
    await s3cmd('mv', at('copy'), at('moved'))
    expect(await stored('copy')).toBeUndefined()
    await mkdir(join(folder, 'tree'))
    for (let i = 0; i < 5; i++) await writeFile(join(folder, `tree/${i}.txt`), `${i}`)
    await s3cmd('sync', 'tree/', at('tree/'))
    expect(`${await stored('tree/4.txt')}`).toBe('4')

    const link = (await s3cmd('signurl', at('moved'), '+600')).trim()
    if (!secure) expect(await (await fetch(link)).text()).toBe('hello')

    await s3cmd('del', at('moved'))
    expect(await stored('moved')).toBeUndefined()
    await s3cmd('del', '--recursive', '--force', at('tree/'))
    await s3cmd('del', at('big'), at('dir/small ü+.txt'))
    const left = await s3cmd('ls', '--recursive', at(''))
    expect(left).toMatch(/^\S+ \S+ +5 +s3:\/\/job-files\/in\/0-image\.png\n$/)
  },
})
