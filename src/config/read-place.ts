import type { ConfigFault } from './config-error.ts'
import type { ConfigDocument } from './parse-document.ts'
import { parseBaseUrl } from './parse-url.ts'
import { PRESETS } from './presets.ts'
import { fits, readHost } from './store-provider.ts'

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
  const told = readHost(preset, endpoint) ?? {}
  const region = document.region ?? told['region'] ?? preset.region
  if (found === undefined) {
    for (const field of missing(document)) refuse(field, `is required: ${preset.name} needs it`)
  } else if (region === undefined) {
    refuse('region', `is required: ${preset.name} needs it`)
  }
  if (URL.canParse(endpoint) && !fits(preset, endpoint)) {
    const form = preset.endpoint?.replaceAll(/\[.*?\]/g, '')
    const message = `is no address of ${preset.name}, which look like ${form}. Use the kind "s3" for others`
    refuse('endpoint', message)
  }
  for (const field of ['region', 'accountId', 'jurisdiction'] as const) {
    const given = document[field]
    const named = told[field]
    if (named !== undefined && given !== undefined && named !== given) {
      refuse(field, `is not what the endpoint names: ${named}`)
    }
  }
  if (document.kind !== 'r2') {
    for (const field of ['accountId', 'jurisdiction'] as const) {
      if (document[field] !== undefined) refuse(field, 'is for stores of kind "r2" alone')
    }
  }
  const { pathStyle = preset.pathStyle, presign = preset.presign } = document
  return { endpoint, region: region ?? '', pathStyle, presign }
}

/** The endpoint as it is written, or as the store's kind makes it; undefined where a field is missing. */
export function endpointOf(document: StoreDocument): string | undefined {
  const { endpoint } = PRESETS[document.kind]
  if (document.endpoint !== undefined) return document.endpoint
  if (endpoint === undefined || missing(document).length > 0) return undefined
  const { region, accountId, jurisdiction, dataCenterId } = document
  return fillForm(endpoint, {
    ...{ region, accountId, jurisdiction },
    dataCenterId: dataCenterId?.toLowerCase(),
  })
}

/** An address of that form; `cn` follows from the region. */
export function fillForm(form: string, fields: Fields): string {
  const all: Fields = { ...fields, cn: fields['region']?.startsWith('cn-') ? 'cn' : undefined }
  return form
    .replace(/\[(.*?)\]/g, (_, part: string) =>
      namesIn(part).every((name) => all[name] !== undefined) ? part : '',
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => all[name] ?? '')
}

type Fields = Readonly<Record<string, string | undefined>>

/** Fields that the form of the address needs and that are not there. */
function missing(document: StoreDocument): string[] {
  const form = PRESETS[document.kind].endpoint
  if (form === undefined) return ['endpoint']
  return namesIn(form.replace(/\[.*?\]/g, '')).filter((name) => !Object.hasOwn(document, name))
}

function namesIn(form: string): string[] {
  return [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}
