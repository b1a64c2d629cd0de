import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createStoreServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serveOnNode } from '../../../src/runtimes/node-server.ts'
import { type FakeGateway, fakeGateway } from '../../flows/fake-deps.ts'
import { answer } from '../../intake/memory-store.ts'
import { makeCertificate } from '../../runtimes/certificate.ts'
import { beside } from './scene.ts'

const program = process.env['BULKWAY_PYTHON']
const overBytes = 5 * 1024 ** 3 + 1

const photo = filled('ffd8ffe0', 200_000)
const clip = filled('000000186674797069736f6d', 3_000_000)
const unknown = filled('0102', 70_000)
const huge = filled('0103', 70_000)
/** A ZIP archive of the one file `inside.txt`, which holds `zipped`. */
const archive = Buffer.from(
  'UEsDBBQAAAAAAAAAIQBXaMLiBgAAAAYAAAAKAAAAaW5zaWRlLnR4dHppcHBlZFBLAQIUAxQAAAAAAAAAIQBXaMLiBgAAAAYAAAAKAAAAAAAAAAAAAACAAQAAAABpbnNpZGUudHh0UEsFBgAAAAABAAEAOAAAAC4AAAAAAA==',
  'base64',
)

function filled(start: string, bytes: number): Buffer {
  const head = Buffer.from(start, 'hex')
  return Buffer.concat([head, Buffer.alloc(bytes - head.length, 'some content ')])
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let folder: string
let tls: { readonly key: string; readonly cert: string }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkway-download-'))
  const hosts = ['gateway.example', 'store.example']
  tls = await makeCertificate(join(folder, 'cert.pem'), join(folder, 'key.pem'), hosts)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe.runIf(program !== undefined)('rp_download of runpod', () => {
  test.each([
    { what: 'that the gateway streams', changes: {} },
    { what: 'that are redirects to the store', changes: { files: 'redirect' } },
    { what: 'of files that are named by their content', changes: { contentAddressed: true } },
  ])('downloads links $what', { timeout: 120_000 }, async ({ changes }) => {
    await using scene = await openScene(changes)
    const json = { image: photo, list: [clip, unknown] }
    const [one, two, three] = linksIn(await scene.submit(JSON.stringify({ input: asBase64(json) })))
    const [four] = linksIn(await scene.submitForm(archive, 'My pack (1).zip', 'application/zip'))
    const [over] = linksIn(await scene.submit(JSON.stringify({ input: { over: asBase64(huge) } })))
    const named = (name: string, bytes: Uint8Array) => {
      if (!('contentAddressed' in changes)) return name
      return `sha256-${sha256(bytes)}${name.slice(name.lastIndexOf('.'))}`
    }
    scene.pretendLarge('over', huge)
    const files = [
      { url: one, name: named('0-image.jpg', photo), bytes: photo },
      { url: two, name: named('1-list.mp4', clip), bytes: clip },
      { url: three, name: named('2-list.bin', unknown), bytes: unknown },
      { url: four, name: named('0-pack.zip', archive), bytes: archive },
    ].map((file) => ({ ...file, sha256: sha256(file.bytes), bytes: file.bytes.length }))
    const told = {
      ports: scene.ports,
      files,
      over,
      gone: `${one}`.replace(/.(?=\/[^/]*$)/, (last) => (last === 'A' ? 'B' : 'A')),
      redirected: 'files' in changes,
    }
    expect(await scene.run(told)).toContain('done')
    expect(scene.asked.has('HEAD')).toBe(false)
  })
})

/** A gateway and its store at names that are public, as the driver's name lookup has them. */
async function openScene(changes: Record<string, unknown>) {
  const upstream = 'https://upstream.example/v2'
  const gateway = fakeGateway({
    endpoints: {
      demo: { upstream, store: 'main', as: 'url', stage: 'always', stageMinBytes: 100, ...changes },
    },
  })
  let jobs = 0
  const jsonType = { 'content-type': 'application/json' }
  gateway.upstream = ({ url }) => {
    const job = { id: `job-${++jobs}`, status: 'IN_QUEUE' }
    return answer(200, url.endsWith('/health') ? '{}' : JSON.stringify(job), jsonType)
  }
  const sizes = new Map<string, number>()
  lie(gateway, sizes)
  const asked = new Set<string>()
  const server = await serveOnNode(gateway.deps, { hostname: '127.0.0.1', port: 0 })
  const before = createTlsServer(tls, (socket) => {
    socket.once('data', (head) => asked.add(String(head).split(' ')[0] ?? ''))
    const inner = connect(server.port, '127.0.0.1')
    socket.pipe(inner).pipe(socket)
    for (const end of [socket, inner])
      end.on('error', () => [socket, inner].map((one) => one.destroy()))
  })
  const store = createStoreServer(tls, async (request, response) => {
    asked.add(request.method ?? '')
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://store.example')
    const key = pathname.replace('/bucket/', '')
    const { bytes } = gateway.store.objects.get(key) ?? {}
    response.writeHead(bytes === undefined ? 404 : 200, {
      'content-length': sizes.get(key) ?? bytes?.length ?? 0,
      'content-disposition': searchParams.get('disposition') ?? 'inline',
    })
    response.end(bytes)
  })
  const ports = { 'gateway.example': await listen(before), 'store.example': await listen(store) }
  const base = `http://127.0.0.1:${server.port}/v2/demo`
  const headers = { authorization: 'Bearer a-key' }

  async function sent(init: RequestInit): Promise<unknown> {
    const response = await fetch(`${base}/run`, { method: 'POST', ...init })
    expect(await response.json()).toMatchObject({ status: 'IN_QUEUE' })
    const request = gateway.sent.filter(({ url }) => url.endsWith('/run')).at(-1)
    return JSON.parse(String(Buffer.from(request?.body ?? [])))
  }

  return {
    ports,
    asked,
    submit: (body: string) =>
      sent({ body, headers: { ...headers, 'content-type': 'application/json' } }),
    submitForm(bytes: Uint8Array, name: string, type: string) {
      const form = new FormData()
      form.append('pack', new File([new Uint8Array(bytes)], name, { type }))
      return sent({ body: form, headers })
    },
    /** Has the store say that files of this content, or with this name, are larger than they are. */
    pretendLarge(name: string, bytes: Uint8Array) {
      const isMeant = (key: string) => key.includes(`-${name}.`) || key.includes(sha256(bytes))
      for (const key of gateway.store.objects.keys()) {
        if (isMeant(key)) sizes.set(key, overBytes)
      }
    },
    async run(told: object): Promise<string> {
      const env = {
        PATH: process.env['PATH'],
        HOME: folder,
        REQUESTS_CA_BUNDLE: join(folder, 'cert.pem'),
        SSL_CERT_FILE: join(folder, 'cert.pem'),
      }
      const child = spawn(program ?? '', [beside('drive-rp-download.py')], { cwd: folder, env })
      let printed = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (text) => {
          printed += text
        })
      }
      child.stdin.end(JSON.stringify(told))
      await once(child, 'close')
      return printed
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([close(before), close(store), server.close(0)])
    },
  }
}

/** Lets the store in memory tell the sizes in `sizes`, and give presigned URLs of its own. */
function lie({ store }: FakeGateway, sizes: ReadonlyMap<string, number>): void {
  const { send } = store
  store.send = async (request) => {
    const real = await send.call(store, request)
    const size = sizes.get(request.key)
    if (size === undefined || real.status !== 200) return real
    real.headers.set('content-length', String(size))
    return request.method === 'HEAD' ? real : { ...real, body: answer(200, huge).body }
  }
  store.presignGet = async (key, _seconds, overrides) => {
    const disposition = encodeURIComponent(overrides?.contentDisposition ?? '')
    return `https://store.example/bucket/${key}?disposition=${disposition}`
  }
}

const sockets = new WeakMap<Server, Set<Socket>>()

async function listen(server: Server): Promise<number> {
  const open = new Set<Socket>()
  sockets.set(server, open)
  server.on('connection', (socket) => open.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  for (const socket of sockets.get(server) ?? []) socket.destroy()
  await closed
}

function asBase64(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(asBase64)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, asBase64(one)]))
}

/** The links in what went upstream, in the order of the document. */
function linksIn(request: unknown): string[] {
  return JSON.stringify(request).match(/https:\/\/gateway\.example\/files\/[^"]+/g) ?? []
}
