import { execFile, spawn } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { freePorts, isFree } from '../../dev/child.ts'
import { root } from '../../dev/gateway.ts'

const run = promisify(execFile)

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['dev/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.on('data', (text) => {
    said.out += text
  })
  child.stderr.on('data', (text) => {
    said.err += text
  })
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, said, exited }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'says when it is ready, and %s stops all of it',
  async (signal) => {
    const port = await freePorts(3)
    const { child, said, exited } = start([], { PORT: `${port}`, DEV_WORKER: 'none' })
    try {
      await expect
        .poll(() => said.out.trimEnd().split('\n').at(-1), { timeout: 25_000 })
        .toBe(`ready http://127.0.0.1:${port}`)
      const answer = await fetch(`http://127.0.0.1:${port}/v2/demo/health`, {
        headers: { authorization: 'Bearer any' },
      })
      expect(answer.status).toBe(200)
      child.kill(signal)
      expect(await exited, said.err).toBe(0)
      for (const one of [port, port + 1, port + 2]) expect(await isFree(one)).toBe(true)
    } finally {
      child.kill('SIGTERM')
      await exited
      await rm(join(root, '.bulkway', `${port}`), { recursive: true, force: true })
    }
  },
  60_000,
)

test('with --volume it names the directory that workers have mounted', async () => {
  const port = await freePorts(5)
  const { child, said, exited } = start(['--volume'], { PORT: `${port}` })
  try {
    await expect.poll(() => said.out, { timeout: 25_000 }).toContain('ready ')
    const directory = `.bulkway/${port}/volumes/volume-dev`
    expect(said.out).toContain(`volume-dev in EU-RO-1, files in ${directory}`)
    const answer = await fetch(`http://127.0.0.1:${port}/v2/volume/runsync`, {
      method: 'POST',
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      body: JSON.stringify({ input: { task: 'write', directory: 'bulkway:output', bytes: 1_000 } }),
    })
    expect(await answer.json()).toMatchObject({ status: 'COMPLETED', output: { bytes: 1_000 } })
    const files = await readdir(join(root, directory), { recursive: true })
    expect(files.filter((name) => name.endsWith('/out/out.bin'))).toHaveLength(1)
    const operate = `. .bulkway/${port}/operator.env`
    expect(said.out).toContain(operate)
    const command = `${operate} && exec "$0" bin/bulkway.js usage --json`
    const told = await run('sh', ['-c', command, process.execPath], { cwd: root })
    expect(JSON.parse(told.stdout)).toMatchObject({
      stores: [{ store: 'main' }, { store: 'volume', objects: 1, bytes: 1_000 }],
    })
  } finally {
    child.kill('SIGTERM')
    await exited
    await rm(join(root, '.bulkway', `${port}`), { recursive: true, force: true })
  }
}, 60_000)

test('names a busy port and the way out', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { said, exited } = start([], { PORT: `${port}` })
  expect(await exited).toBe(1)
  expect(said.err).toContain(`Port ${port} is in use`)
  expect(said.err).toMatch(/PORT=\d+ npm run dev/)
  server.close()
})

test('explains itself', async () => {
  const { said, exited } = start(['--help'], {})
  expect(await exited).toBe(0)
  expect(said.out).toContain('PORT=9000 npm run dev')
})
