import { readdir, readFile } from 'node:fs/promises'
import { PROBLEMS } from '../src/errors.ts'

/** A JSON Schema, as far as the generators look into it. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: boolean | Schema
  oneOf?: Schema[]
  enum?: (string | number)[]
  default?: unknown
  minimum?: number
  maximum?: number
  multipleOf?: number
  [keyword: string]: unknown
}

/** Reads `schemas/*.json`, by component name, in the order of the names. */
export async function readSchemas(folder: URL): Promise<Map<string, Schema>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const schemas = new Map<string, Schema>()
  for (const file of files) {
    schemas.set(
      file.slice(0, -'.json'.length),
      JSON.parse(await readFile(new URL(file, folder), 'utf8')),
    )
  }
  return schemas
}

/** Puts the problem codes of `src/errors.ts` into the Problem schema; gives the new text. */
export function withProblemCodes(schemas: Map<string, Schema>, text: string): string {
  const codes = Object.keys(PROBLEMS)
  const code = schemas.get('Problem')?.properties?.['code']
  if (code === undefined) throw new Error('schemas/Problem.json has no property "code"')
  code.enum = codes
  const lines = codes.map((name) => `        "${name}"`).join(',\n')
  return text.replace(/("code": \{[^}]*?"enum": \[)[^\]]*\]/, `$1\n${lines}\n      ]`)
}

/** The component that a sibling reference such as `Job.json` names. */
export function nameOf(ref: string): string {
  return ref.replace(/^.*\//, '').replace(/\.json$/, '')
}
