import { bundle, createConfig, lint } from '@redocly/openapi-core'
import { Ajv2020 } from 'ajv/dist/2020.js'

export type Description = Record<string, unknown>

/** Beside `…/uploads/{uploadId}/parts`: an id has 26 characters, so none is `tus` and none is `parts`. */
const clearPath = '#/paths/~1v2~1{endpointId}~1uploads~1tus~1{uploadId}'

/** Lints `openapi.yaml` and bundles it with its schemas into one document. */
export async function bundleDescription(path: string): Promise<Description> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: { 'operation-4xx-response': 'off', 'no-server-example.com': 'off' },
  })
  const faults = (await lint({ ref: path, config })).filter(
    ({ ruleId, location }) =>
      ruleId !== 'no-ambiguous-paths' || !location.some(({ pointer }) => pointer === clearPath),
  )
  if (faults.length > 0) {
    const lines = faults.map(({ ruleId, message, location }) => {
      const [place] = location
      return `  ${place?.pointer ?? ''} ${message} (${ruleId})`
    })
    throw new Error(`openapi.yaml has ${faults.length} faults:\n${lines.join('\n')}`)
  }
  const { bundle: document } = await bundle({ ref: path, config })
  return JSON.parse(JSON.stringify(document.parsed))
}

/** Proves every `example` in the document against the schema beside it. */
export function checkExamples(description: Description): void {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ ...description, $id: 'openapi.json' })
  const faults: string[] = []
  walk(description, '', (node, pointer) => {
    if (!('example' in node) || typeof node['schema'] !== 'object') return
    const validate = ajv.compile({ $ref: `openapi.json#${encodeURI(pointer)}/schema` })
    if (!validate(node['example'])) faults.push(`  ${pointer}: ${ajv.errorsText(validate.errors)}`)
  })
  if (faults.length > 0) throw new Error(`Examples do not fit:\n${faults.join('\n')}`)
}

function walk(
  node: unknown,
  pointer: string,
  visit: (node: Record<string, unknown>, pointer: string) => void,
): void {
  if (typeof node !== 'object' || node === null) return
  visit(node as Record<string, unknown>, pointer)
  for (const [name, value] of Object.entries(node)) {
    walk(value, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, visit)
  }
}
