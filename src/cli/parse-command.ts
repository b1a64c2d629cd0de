import { parseArgs } from 'node:util'
import { UsageError } from './exit-code.ts'
import { nearest } from './nearest.ts'

/** What every command may be told. */
export interface CommonSettings {
  readonly baseUrl: string
  readonly apiKey: string
  readonly endpointId: string
  readonly json: boolean
  readonly resume: boolean
  readonly sha256: boolean
  /** Undefined: the client's own. */
  readonly concurrency: number | undefined
}

/** A file and where its ref goes. */
export interface PlacedFile {
  readonly place: string
  readonly path: string
}

/** One command as it was given. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | (CommonSettings & {
      readonly kind: 'upload'
      readonly paths: readonly string[]
      readonly contentType: string | undefined
      readonly filename: string | undefined
      readonly persist: string | undefined
    })
  | (CommonSettings & {
      readonly kind: 'run'
      /** JSON, `@path` or `@-`. */
      readonly input: string
      readonly files: readonly PlacedFile[]
      readonly session: string | undefined
      readonly retention: number | 'job' | 'persistent' | undefined
      readonly wait: boolean
    })
  | (CommonSettings & { readonly kind: 'wait'; readonly jobId: string })

const common = {
  endpoint: { type: 'string', short: 'e' },
  'base-url': { type: 'string' },
  json: { type: 'boolean' },
  sha256: { type: 'boolean' },
  concurrency: { type: 'string' },
  'no-resume': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const
const ofUpload = {
  'content-type': { type: 'string' },
  filename: { type: 'string' },
  persist: { type: 'string' },
} as const
const ofRun = {
  input: { type: 'string' },
  file: { type: 'string', multiple: true },
  session: { type: 'string' },
  retention: { type: 'string' },
  'no-wait': { type: 'boolean' },
} as const
const options = { ...common, ...ofUpload, ...ofRun }
const commands = {
  upload: { ...common, ...ofUpload },
  run: { ...common, ...ofRun },
  wait: common,
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads a command line; throws `UsageError` with what to write instead. */
export function parseCommand(args: readonly string[], env: Environment): Command {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token] : []))
  for (const { name, rawName } of given) refuseKey(name, rawName)
  const names = given.map(({ name }) => name)
  const [kind] = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  if (names.includes('help') || names.includes('h') || kind === 'help') return { kind: 'help' }
  if (names.includes('version')) return { kind: 'version' }
  if (kind === undefined)
    throw new UsageError('Say what to do: upload, run or wait; as an operator init, sweep or usage')
  if (!isCommand(kind)) {
    throw new UsageError(`There is no command ${kind}${suggest(kind, Object.keys(commands))}`)
  }
  const known = Object.keys(commands[kind])
  for (const { name, rawName } of given) {
    if (known.includes(name)) continue
    const dashed = known.map((one) => `--${one}`)
    throw new UsageError(`${kind} has no option ${rawName}${suggest(rawName, dashed)}`)
  }
  const { values, positionals } = strictly(args)
  const settings = readSettings(values, env)
  const rest = positionals.slice(1)
  if (kind === 'upload') {
    if (rest.length === 0) throw new UsageError('Say which file to upload')
    if (rest.length > 1 && (values.filename ?? values.persist) !== undefined) {
      throw new UsageError('Give --filename and --persist with one file alone')
    }
    return {
      kind,
      ...settings,
      paths: rest,
      contentType: values['content-type'],
      filename: values.filename,
      persist: values.persist,
    }
  }
  if (kind === 'wait') {
    const [jobId] = rest
    if (jobId === undefined || rest.length > 1) throw new UsageError('Say which job to wait for')
    return { kind, ...settings, jobId }
  }
  if (rest[0] !== undefined) {
    throw new UsageError(`run takes no ${rest[0]}: give files as --file PLACE=@${rest[0]}`)
  }
  const files = (values.file ?? []).map(parseFile)
  return {
    kind,
    ...settings,
    input: values.input ?? '{}',
    files,
    session: values.session,
    retention: readRetention(values.retention),
    wait: values['no-wait'] !== true,
  }
}

function strictly(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : `${error}`).split('\n')
    throw new UsageError(line)
  }
}

type Values = ReturnType<typeof strictly>['values']

/** The gateway of `npm run dev`, which takes any key. */
const development = { baseUrl: 'http://127.0.0.1:8787', endpointId: 'demo', apiKey: 'development' }

function readSettings(values: Values, env: Environment): CommonSettings {
  const own = values['base-url'] ?? (env['BULKWAY_URL'] || undefined)
  const isDevelopment = own === undefined
  const baseUrl = own ?? development.baseUrl
  if (!/^https?:$/.test(URL.canParse(baseUrl) ? new URL(baseUrl).protocol : '')) {
    throw new UsageError(`The gateway's URL must begin with https:// or http://; it is ${baseUrl}`)
  }
  const apiKey = env['BULKWAY_API_KEY'] || (isDevelopment ? development.apiKey : undefined)
  if (apiKey === undefined) throw new UsageError('Put the key into BULKWAY_API_KEY')
  const endpointId =
    values.endpoint ??
    (env['BULKWAY_ENDPOINT'] || (isDevelopment ? development.endpointId : undefined))
  if (endpointId === undefined || endpointId === '') {
    throw new UsageError('Say which endpoint: --endpoint ID, or BULKWAY_ENDPOINT')
  }
  return {
    baseUrl,
    apiKey,
    endpointId,
    json: values.json === true,
    resume: values['no-resume'] !== true,
    sha256: values.sha256 === true,
    concurrency: readConcurrency(values.concurrency),
  }
}

function readConcurrency(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > 64) {
    throw new UsageError(`--concurrency is a number from 1 to 64; it is ${text}`)
  }
  return count
}

function readRetention(text: string | undefined): number | 'job' | 'persistent' | undefined {
  if (text === undefined || text === 'job' || text === 'persistent') return text
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`--retention is job, a number of seconds, or persistent; it is ${text}`)
}

function parseFile(text: string): PlacedFile {
  const [, place, path] = /^([^=]+)=@(.+)$/s.exec(text) ?? []
  if (place === undefined || path === undefined) {
    throw new UsageError(`--file is PLACE=@FILE, such as image=@photo.png; it is ${text}`)
  }
  return { place, path }
}

function isCommand(text: string): text is keyof typeof commands {
  return Object.hasOwn(commands, text)
}

function suggest(wrong: string, right: readonly string[]): string {
  const near = nearest(wrong, right)
  return near === undefined ? '' : `: did you mean ${near}?`
}

// What follows such an option may be a key: it must not be printed.
function refuseKey(name: string, rawName: string): void {
  if (!/^(api-?)?key$|^token$|^(api-?)?secret$/i.test(name)) return
  throw new UsageError(
    `There is no ${rawName.split('=')[0]}: put the key into BULKWAY_API_KEY, as arguments are seen by others and kept by the shell`,
  )
}
