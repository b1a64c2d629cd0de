import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** From the roof to the ground: a folder sees what is below it and itself, never a neighbour. */
const floors: readonly (readonly string[])[] = [
  ['operator'],
  ['runtimes'],
  ['http'],
  ['flows'],
  ['intake', 'uploads', 'access', 'job-bucket', 'outputs', 'webhooks'],
  ['grants', 'scrub'],
  ['store', 'upstream', 'auth'],
  ['json', 'multipart', 'sigv4', 'config'],
  ['bytes', 'cache', 'contract'],
  ['errors.ts', 'platform.ts', 'log.ts', 'metrics.ts'],
]

/** Beside the house: what is on other machines than the gateway, and the rooms that each may see. */
const outbuildings: Readonly<Record<string, readonly string[]>> = {
  client: [],
  'client-node': ['client'],
  cli: ['client-node', 'client'],
  page: ['client'],
}

/** What has been made of an outbuilding for the gateway to serve: text, whoever reads it. */
const served: Readonly<Record<string, string>> = { 'page/page.gen.ts': 'http' }

/** Packages that may be imported only in certain places; all others may be used anywhere in src/. */
const guarded: readonly { readonly packages: RegExp; readonly places: readonly string[] }[] = [
  { packages: /^node:/, places: ['operator', 'runtimes', 'client-node', 'cli'] },
  { packages: /^cloudflare:/, places: ['runtimes'] },
  { packages: /^hono(\/|$)/, places: ['http', 'job-bucket', 'runtimes'] },
  { packages: /^@hono\//, places: ['runtimes'] },
  { packages: /^prom-client$/, places: ['runtimes'] },
  { packages: /^jose(\/|$)/, places: ['access', 'grants', 'auth'] },
  // Tests and the bench are their clients; the product signs by itself.
  { packages: /^@(aws-sdk|smithy)\//, places: [] },
]

const root = fileURLToPath(new URL('../src/', import.meta.url))
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
const written = files.filter(({ path }) => /\.ts$/.test(path) && !path.includes('.gen.'))

/** The folder of a path, or the file itself where it lies on the ground. */
const roomOf = (path: string) => path.split('/')[0] ?? path
const isOutside = (path: string) => roomOf(path) in outbuildings
const floorOf = (path: string) => floors.findIndex((rooms) => rooms.includes(roomOf(path)))

function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(
    /(?:^|[\s;}])(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g,
  )
  return [...found].map(([, , specifier]) => specifier ?? '')
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}

describe('the house', () => {
  it('has a floor for every file', () => {
    const lost = files.filter(({ path }) => floorOf(path) < 0 && !isOutside(path))
    expect(lost.map(({ path }) => path)).toEqual([])
  })

  it('imports downwards only, never a neighbour', () => {
    const wrong = files.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(dirname(path), specifier))
        .filter((target) => !maySee(path, target))
        .map((target) => `${path} must not import ${target}`),
    )
    expect(wrong).toEqual([])
  })

  it('uses guarded packages only where they belong', () => {
    const wrong = files.flatMap(({ path, text }) =>
      importsOf(text).flatMap((specifier) =>
        guarded
          .filter(({ packages }) => packages.test(specifier))
          .filter(({ places }) => !places.includes(roomOf(path)))
          .map(() => `${path} must not import ${specifier}`),
      ),
    )
    expect(wrong).toEqual([])
  })

  it('has no file of more than 300 lines', () => {
    const long = written.filter(({ text }) => text.trimEnd().split('\n').length > 300)
    expect(long.map(({ path }) => path)).toEqual([])
  })

  it('gives clients and the command line no packages but the platform’s', () => {
    const wrong = files.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((specifier) => isOutside(path) && !/^(\.|node:)/.test(specifier))
        .map((specifier) => `${path} must not import ${specifier}`),
    )
    expect(wrong).toEqual([])
  })

  it('reads no body whole but in bytes/read-capped.ts', () => {
    const wrong = written
      .filter(({ path }) => path !== 'bytes/read-capped.ts' && !isOutside(path))
      .filter(({ text }) => wholeReadsOf(text).length > 0)
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('has no barrels and no names that say nothing', () => {
    const vague = /(^|\/)(index|types|utils?|helpers?|common|manager|data|handle[a-z-]*)(\.ts|\/)/
    expect(written.filter(({ path }) => vague.test(path)).map(({ path }) => path)).toEqual([])
  })

  it('overrules the compiler nowhere', () => {
    const off = /@ts-(ignore|nocheck|expect-error)/
    expect(written.filter(({ text }) => off.test(text)).map(({ path }) => path)).toEqual([])
  })
})

function maySee(path: string, target: string): boolean {
  if (target.startsWith('..')) return false
  if (target in served) return roomOf(path) === served[target]
  const seen = outbuildings[roomOf(path)]
  if (seen !== undefined) return [roomOf(path), ...seen].includes(roomOf(target))
  if (floorOf(target) < 0) return false
  return roomOf(path) === roomOf(target) || floorOf(path) < floorOf(target)
}

/** Calls that collect a body; `context.json(…)` and `Response.json(…)` make one instead. */
function wholeReadsOf(text: string): string[] {
  const calls = withoutComments(text).matchAll(
    /([\w$]*)\)*\??\.(json|text|arrayBuffer|formData|blob|tee)\(/g,
  )
  return [...calls]
    .filter(
      ([, object, method]) => !(method === 'json' && /^(context|c|Response)$/.test(object ?? '')),
    )
    .map(([call]) => call)
}

describe('the proof itself', () => {
  it('sees every way of importing, and no import in a comment', () => {
    const text = [
      "import a from './a.ts'",
      "import type { B } from '../b.ts'",
      "import {\n  c,\n} from 'c'",
      "export { d } from './d.ts'",
      "import './e.ts'",
      "const f = await import('./f.ts')",
      "// import g from './g.ts'",
      "/* import h from './h.ts' */",
      "const url = 'https://example.com'; import i from './i.ts'",
    ].join('\n')
    expect(importsOf(text).sort()).toEqual(
      ['./a.ts', '../b.ts', 'c', './d.ts', './e.ts', './f.ts', './i.ts'].sort(),
    )
  })

  it('lets a file see lower floors and its own folder alone', () => {
    expect(maySee('http/app.ts', 'flows/deps.ts')).toBe(true)
    expect(maySee('grants/seal.ts', 'grants/grant.ts')).toBe(true)
    expect(maySee('errors.ts', 'errors.ts')).toBe(true)
    expect(maySee('errors.ts', 'log.ts')).toBe(false)
    expect(maySee('intake/json.ts', 'outputs/link.ts')).toBe(false)
    expect(maySee('json/scan.ts', 'flows/submit.ts')).toBe(false)
    expect(maySee('http/app.ts', '../dev/stack.ts')).toBe(false)
    expect(maySee('cli/main.ts', 'client/client.ts')).toBe(true)
    expect(maySee('cli/main.ts', 'client-node/client.ts')).toBe(true)
    expect(maySee('client-node/client.ts', 'client/client.ts')).toBe(true)
    expect(maySee('client/client.ts', 'client-node/client.ts')).toBe(false)
    expect(maySee('page/main.ts', 'client-node/client.ts')).toBe(false)
    expect(maySee('client/client.ts', 'cli/main.ts')).toBe(false)
    expect(maySee('client/client.ts', 'errors.ts')).toBe(false)
    expect(maySee('http/app.ts', 'client/client.ts')).toBe(false)
    expect(maySee('page/main.ts', 'client/client.ts')).toBe(true)
    expect(maySee('page/main.ts', 'cli/main.ts')).toBe(false)
    expect(maySee('http/page-route.ts', 'page/page.gen.ts')).toBe(true)
    expect(maySee('flows/deps.ts', 'page/page.gen.ts')).toBe(false)
    expect(maySee('http/page-route.ts', 'page/main.ts')).toBe(false)
  })

  it('sees a body that is read whole, and not one that is made', () => {
    expect(wholeReadsOf('await response.text()')).toHaveLength(1)
    expect(wholeReadsOf('await (await send()).arrayBuffer()')).toHaveLength(1)
    expect(wholeReadsOf('request.body?.tee()')).toHaveLength(1)
    expect(wholeReadsOf('context.json({})\nResponse.json(1)\n// x.text()')).toEqual([])
  })
})
