import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

// The machine's own Node, older than the checkout's where there are two.
const path = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .join(delimiter)
const env = { ...process.env, PATH: path }

let directory: string
let tarball: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkway-package-'))
  await run('npm', ['pack', '--pack-destination', directory], { cwd: root, env })
  tarball = (await readdir(directory)).find((name) => name.endsWith('.tgz')) ?? ''
  await writeFile(join(directory, 'package.json'), '{"private": true, "type": "module"}')
  await run('npm', ['install', '--omit=optional', `./${tarball}`], { cwd: directory, env })
}, 120_000)
afterAll(() => rm(directory, { recursive: true, force: true }))

test('holds what is needed and no source, test or secret', async () => {
  const installed = join(directory, 'node_modules', 'bulkway')
  expect((await readdir(installed)).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'package.json'].sort(),
  )
  const built = await readdir(join(installed, 'dist'))
  expect(built).toEqual(expect.arrayContaining(['cli', 'client', 'client-node', 'operator']))
  // What an operator's commands are made of, but not the gateway itself.
  expect(built).not.toContain('http')
  expect(built).not.toContain('page')
  const files = await readdir(join(installed, 'dist'), { recursive: true, withFileTypes: true })
  const names = files.filter((file) => file.isFile()).map(({ name }) => name)
  expect(names.filter((name) => !/\.(js|d\.ts)$/.test(name))).toEqual([])
})

test.each(['bulkway/client', 'bulkway/client/node'])('is imported as %s', async (name) => {
  const script = `import { createClient, BulkwayError } from '${name}'
    const client = createClient({ baseUrl: 'https://gateway.test', apiKey: 'key' })
    console.log(Object.keys(client).join(), BulkwayError.name)`
  await writeFile(join(directory, 'use.js'), script)
  const { stdout } = await run('node', ['use.js'], { cwd: directory, env })
  expect(stdout).toBe('upload,abortUpload,run,runsync,status,wait,cancel BulkwayError\n')
})

test('has types that a strict program is checked against', async () => {
  const program = `import { type Client, createClient, type Progress } from 'bulkway/client'
    import { openFile } from 'bulkway/client/node'
    const client: Client = createClient({ baseUrl: 'https://gateway.test', token: async () => 'token' })
    const onProgress = ({ bytes }: Progress) => bytes.toFixed()
    const { ref } = await client.upload('demo', new File([], 'a'), { onProgress, resume: localStorage })
    await client.upload('demo', await openFile('a'))
    export const text: string = ref
    // @ts-expect-error
    export const number: number = ref`
  await writeFile(join(directory, 'use.ts'), program)
  const tsc = join(root, 'node_modules', '.bin', 'tsc')
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    const kind = ['--module', module, '--moduleResolution', resolution]
    const strict = ['--strict', '--noEmit', '--target', 'es2022', '--types', '']
    await run(tsc, [...kind, ...strict, 'use.ts'], { cwd: directory })
  }
})

test('brings npx bulkway', async () => {
  const { stdout } = await run('npx', ['--no-install', 'bulkway', '--help'], {
    cwd: directory,
    env,
  })
  expect(stdout).toMatch(/^Uploads files of any size/)
})

test.each(['init', 'sweep', 'usage'])('brings an operator’s bulkway %s', async (command) => {
  const program = join(directory, 'node_modules', 'bulkway', 'bin', 'bulkway.js')
  const { stdout } = await run(process.execPath, [program, command, '--help'], { cwd: directory })
  expect(stdout).toContain(`bulkway ${command}`)
})

test('runs as npx bulkway in its own checkout too, on whatever Node is there', async () => {
  expect(existsSync(join(root, 'src', 'cli', 'main.ts'))).toBe(true)
  const { stdout } = await run('node', ['bin/bulkway.js', '--version'], { cwd: root, env })
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  const byNpx = await run('npx', ['bulkway', '--version'], { cwd: root, env })
  expect(byNpx.stdout).toBe(stdout)
})
