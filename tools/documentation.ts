import { nameOf, type Schema } from './schemas.ts'

/**
 * Fills the tables between `<!-- fields:Name -->` and `<!-- /fields -->` from the schemas.
 *
 * @throws {Error} when a schema of the configuration has no table
 */
export function tablesOf(schemas: Map<string, Schema>, page: string): string {
  const shown = new Set<string>()
  const filled = page.replace(
    /<!-- fields:(\w+) -->\n[\s\S]*?<!-- \/fields -->/g,
    (_, name: string) => {
      shown.add(name)
      const schema = schemas.get(name)
      if (schema === undefined) throw new Error(`docs/configuration.md names no schema: ${name}`)
      return `<!-- fields:${name} -->\n${tableOf(schema)}\n<!-- /fields -->`
    },
  )
  for (const [name, schema] of schemas) {
    if (name.startsWith('Config') && schema.properties !== undefined && !shown.has(name)) {
      throw new Error(`docs/configuration.md has no table for ${name}`)
    }
  }
  return filled
}

function tableOf(schema: Schema): string {
  const required = new Set(schema.required)
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const kind = kindOf(property).replaceAll('|', '\\|')
    const fallback = required.has(name)
      ? '**required**'
      : property.default === undefined
        ? ''
        : `\`${JSON.stringify(property.default)}\``
    const text = (property.description ?? '').replaceAll('|', '\\|')
    return `| \`${name}\` | ${kind} | ${fallback} | ${text} |`
  })
  return ['| field | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function kindOf(property: Schema): string {
  if (property.$ref !== undefined) return linkTo(nameOf(property.$ref))
  if (property.enum !== undefined) return property.enum.map((value) => `\`"${value}"\``).join(' | ')
  if (property.type === 'integer') {
    const step = property.multipleOf === undefined ? '' : `, a multiple of ${property.multipleOf}`
    return `${property.minimum} to ${property.maximum}${step}`
  }
  if (property.items !== undefined) return `list of ${kindOf(property.items)}`
  const values = property.additionalProperties
  if (typeof values === 'object') return `map of ${kindOf(values)}`
  return String(property.type)
}

function linkTo(name: string): string {
  return `[${name}](#${name.toLowerCase()})`
}
