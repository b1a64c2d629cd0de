import { parseArgs } from 'node:util'

/** One operator's command as it was given. */
export type Operation =
  | { readonly kind: 'help'; readonly of: OperationName }
  | (Common & { readonly kind: 'init'; readonly dryRun: boolean })
  | (Common & {
      readonly kind: 'sweep'
      readonly limit: number
      /** Requests to the stores a second. */
      readonly rate: number | undefined
    })
  | (Common & { readonly kind: 'usage' })

interface Common {
  readonly json: boolean
  /** Ids of the stores that are meant; empty: all. */
  readonly stores: readonly string[]
}

/** Commands of an operator, who has the gateway's configuration. */
export const operations = ['init', 'sweep', 'usage'] as const
export type OperationName = (typeof operations)[number]

/** A command that cannot be understood. */
export class UsageError extends Error {
  override name = 'UsageError' as const
}

const common = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
const ofStores = { store: { type: 'string', multiple: true } } as const
const options = {
  init: { ...common, ...ofStores, 'dry-run': { type: 'boolean' } },
  sweep: { ...common, limit: { type: 'string' }, rate: { type: 'string' } },
  usage: { ...common, ...ofStores },
} as const

/** Removals after which a sweep ends where it is not told otherwise. */
const defaultLimit = 100_000

/** @throws {UsageError} with what to write instead */
export function parseOperation(args: readonly string[]): Operation {
  const kind = operations.find((name) => name === args[0])
  if (kind === undefined) throw new UsageError(`Say what to do: ${operations.join(', ')}`)
  const rest = args.slice(1)
  if (rest.some((text) => text === '--help' || text === '-h')) return { kind: 'help', of: kind }
  const values = valuesOf(kind, rest)
  const stores = (values['store'] as readonly string[] | undefined) ?? []
  const settings = { json: values['json'] === true, stores }
  if (kind === 'init') return { kind, ...settings, dryRun: values['dry-run'] === true }
  if (kind === 'usage') return { kind, ...settings }
  const rate = values['rate'] === undefined ? undefined : wholeNumber('--rate', values['rate'])
  const limit =
    values['limit'] === undefined ? defaultLimit : wholeNumber('--limit', values['limit'])
  return { kind, ...settings, limit, rate }
}

function valuesOf(kind: OperationName, args: string[]): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args, options: options[kind] }).values
  } catch (error) {
    const [line = ''] = (error instanceof Error ? error.message : `${error}`).split('\n')
    throw new UsageError(`${kind}: ${line}\nbulkway ${kind} --help says more`)
  }
}

function wholeNumber(name: string, text: unknown): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new UsageError(`${name} is a whole number from 1; it is ${text}`)
}
