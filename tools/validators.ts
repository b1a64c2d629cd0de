import { fileURLToPath } from 'node:url'
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import type { Schema } from './schemas.ts'

/** What is validated at run time; with `all`, every fault is reported and not the first alone. */
const validated = [
  { name: 'Config', all: true },
  { name: 'TokenRequest', all: false },
  { name: 'UploadRequest', all: false },
  { name: 'PartsRequest', all: false },
  { name: 'CompleteRequest', all: false },
]

/** Validators without `eval`, in one module that imports nothing, and their declarations. */
export async function buildValidators(
  schemas: Map<string, Schema>,
): Promise<{ code: string; types: string }> {
  const parts = await Promise.all(validated.map(({ name, all }) => bundleOne(schemas, name, all)))
  const types = [
    '// Made by `npm run generate`.',
    '/** One fault, as Ajv reports it; holds no part of the value. */',
    'export interface Fault {',
    '  readonly instancePath: string',
    '  readonly schemaPath: string',
    '  readonly keyword: string',
    '  readonly params: Readonly<Record<string, unknown>>',
    '  readonly propertyName?: string',
    '  readonly message?: string',
    '}',
    '/** True when the value fits; otherwise `errors` says why, until the next call. */',
    'export interface Validate {',
    '  (value: unknown): boolean',
    '  errors?: readonly Fault[] | null',
    '}',
    ...validated.map(({ name }) => `export declare const validate${name}: Validate`),
  ]
  return {
    code: `// Made by \`npm run generate\`.\n${parts.join('')}`,
    types: `${types.join('\n')}\n`,
  }
}

async function bundleOne(
  schemas: Map<string, Schema>,
  name: string,
  all: boolean,
): Promise<string> {
  const ajv = new Ajv2020({
    allErrors: all,
    allowUnionTypes: true,
    code: { source: true, esm: true, lines: true },
    discriminator: true,
    strict: true,
    strictRequired: false,
    useDefaults: false,
    validateFormats: false,
  })
  for (const [id, schema] of schemas) ajv.addSchema(forAjv(schema), `${id}.json`)
  const validate = ajv.getSchema(`${name}.json`)
  if (validate === undefined) throw new Error(`There is no schemas/${name}.json`)
  const { outputFiles } = await build({
    stdin: {
      contents: standalone.default(ajv, validate).replaceAll('"use strict";', ''),
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    charset: 'utf8',
    format: 'iife',
    globalName: `module${name}`,
    legalComments: 'none',
    minify: true,
    target: 'es2022',
    write: false,
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error(`esbuild made nothing of ${name}`)
  return `${file.text}export const validate${name} = module${name}.default\n`
}

/** Ajv resolves the branches of a discriminator itself and refuses OpenAPI's `mapping`. */
function forAjv(schema: Schema): AnySchemaObject {
  return JSON.parse(JSON.stringify(schema), (key, value) => (key === 'mapping' ? undefined : value))
}

/** The `default`s of the configuration's schemas as a constant, by schema and property. */
export function buildDefaults(schemas: Map<string, Schema>): string {
  const defaults: Record<string, Record<string, unknown>> = {}
  for (const [name, { properties = {} }] of schemas) {
    const own = Object.entries(properties).filter(([, schema]) => schema.default !== undefined)
    if (!name.startsWith('Config') || own.length === 0) continue
    defaults[name] = Object.fromEntries(own.map(([key, schema]) => [key, schema.default]))
  }
  return [
    '// Made by `npm run generate`.',
    '/** What the configuration means where it says nothing; from `schemas/Config*.json`. */',
    `export const DEFAULTS = ${JSON.stringify(defaults, null, 2)} as const`,
    '',
  ].join('\n')
}
