import openapiTS, { astToString } from 'openapi-typescript'
import type { Description } from './description.ts'
import { nameOf, type Schema } from './schemas.ts'

/** TypeScript of all operations and of all schemas, those of the configuration included. */
export async function writeTypes(
  description: Description,
  schemas: Map<string, Schema>,
): Promise<string> {
  const components = description['components'] as { schemas: Record<string, unknown> }
  const own = JSON.parse(JSON.stringify(Object.fromEntries(schemas)), (_, value) =>
    typeof value === 'string' && /^\w+\.json$/.test(value)
      ? `#/components/schemas/${nameOf(value)}`
      : value,
  )
  const all = { ...own, ...components.schemas }
  const document = { ...description, components: { ...components, schemas: all } }
  const ast = await openapiTS(JSON.stringify(document), {
    defaultNonNullable: false,
    immutable: true,
    silent: true,
  })
  return `// Made by \`npm run generate\`.\n${astToString(ast)}`
}
