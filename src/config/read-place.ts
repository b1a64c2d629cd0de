import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { isLoopback, parseBaseUrl } from './parse-url.ts'
import { PRESETS } from './presets.ts'

type StoreDocument = ConfigDocument['stores'][string]

/** Where a store is, and how requests name it. */
export interface Place {
  /** No trailing slash. */
  readonly endpoint: string
  readonly region: string
  readonly pathStyle: boolean
  readonly presign: boolean
}

/** Where a store is by what is written and by its preset; whatever is missing or wrong is noted. */
export function readPlace(document: StoreDocument, pointer: string, faults: ConfigFault[]): Place {
  const preset = PRESETS[document.kind]
  const refuse = (field: string, message: string) =>
    faults.push({ pointer: `${pointer}/${field}`, message })
  const found = endpointOf(document)
  // A store in a private network may speak plain http: its keys never travel, signatures do.
  const endpoint =
    found === undefined ? '' : parseBaseUrl(found, `${pointer}/endpoint`, faults, false)
  const host = URL.parse(endpoint)?.hostname ?? ''
  const match = preset.hosts?.exec(host)
  const told = match?.groups?.['region']
  const region = document.region ?? told ?? preset.region
  if (found === undefined) {
    for (const field of missing(document)) refuse(field, `is required: ${preset.name} needs it`)
  } else if (region === undefined) {
    refuse('region', `is required: ${preset.name} needs it`)
  }
  // On this machine anything may stand in for the store: development.
  if (document.endpoint !== undefined && match === null && host !== '' && !isLoopback(host)) {
    const form = preset.endpoint ?? ''
    refuse(
      'endpoint',
      `is no address of ${preset.name}, which are ${form}. Use the kind "s3" for others`,
    )
  }
  if (told !== undefined && document.region !== undefined && told !== document.region) {
    refuse('region', `is not the region that the endpoint names, ${told}`)
  }
  const { pathStyle = preset.pathStyle, presign = preset.presign } = document
  return { endpoint, region: region ?? '', pathStyle, presign }
}

/** The endpoint as it is written, or as the store's kind makes it; undefined where a field is missing. */
export function endpointOf(document: StoreDocument): string | undefined {
  const { endpoint } = PRESETS[document.kind]
  if (document.endpoint !== undefined) return document.endpoint
  if (endpoint === undefined || missing(document).length > 0) return undefined
  return endpoint
    .replace(/\[([^\]]*)\]/g, (_, part: string) => (fieldsOf(part).every(has) ? part : ''))
    .replace(/\{(\w+)\}/g, (_, name: string) => value(name) ?? '')

  function has(name: string): boolean {
    return value(name) !== undefined
  }
  function value(name: string): string | undefined {
    const text = (document as Readonly<Record<string, unknown>>)[name]
    return typeof text === 'string' ? text : undefined
  }
}

/** Fields that the form of the address needs and that are not there. */
function missing(document: StoreDocument): string[] {
  const form = PRESETS[document.kind].endpoint
  if (form === undefined) return ['endpoint']
  const needed = fieldsOf(form.replace(/\[[^\]]*\]/g, ''))
  return needed.filter((name) => !Object.hasOwn(document, name))
}

function fieldsOf(form: string): string[] {
  return [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}
