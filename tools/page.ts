import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

/** Bytes that the page may have: it is one request, and nothing is loaded after it. */
const pageMaxBytes = 60_000

/** Builds the page from `src/page/` into one module: the whole page as text, and what a CSP must know. */
export async function buildPage(): Promise<string> {
  const folder = new URL('../src/page/', import.meta.url)
  const read = (name: string) => readFile(new URL(name, folder), 'utf8')
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('main.ts', folder))],
    bundle: true,
    charset: 'utf8',
    format: 'esm',
    legalComments: 'none',
    minify: true,
    target: 'es2022',
    write: false,
  })
  const script = (outputFiles[0]?.text ?? '').trim()
  const minified = await transform(await read('page.css'), {
    charset: 'utf8',
    loader: 'css',
    minify: true,
    target: ['chrome120', 'firefox120', 'safari17'],
  })
  const style = minified.code.trim()
  if (/<\/(script|style)|<!--/i.test(script + style)) {
    throw new Error('src/page holds what would end its own script or style')
  }
  const html = (await read('page.html'))
    .replaceAll(/\n\s*/g, '\n')
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script type="module"></script>', () => `<script type="module">${script}</script>`)
  const bytes = Buffer.byteLength(html)
  if (bytes > pageMaxBytes) throw new Error(`The page has ${bytes} bytes; ${pageMaxBytes} at most`)
  return [
    '// Made by `npm run generate`.',
    '/** The page of `GET /`, whole. */',
    `export const html: string = ${JSON.stringify(html)}`,
    '/** Sources of its one script and its one style, as a Content-Security-Policy names them. */',
    `export const scriptSource = ${JSON.stringify(sourceOf(script))} as const`,
    `export const styleSource = ${JSON.stringify(sourceOf(style))} as const`,
    '/** Changes with every byte of the page. */',
    `export const etag = ${JSON.stringify(`"${sha256(html).replace(/\W/g, '').slice(0, 22)}"`)} as const`,
    '',
  ].join('\n')
}

function sourceOf(text: string): string {
  return `'sha256-${sha256(text)}'`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}
