import { isLoopback } from './parse-url.ts'
import { PRESETS, type PresetName, type StorePreset } from './presets.ts'

/** A store as far as its preset goes. */
export interface NamedStore {
  /** Absent or `s3`: the host tells. */
  readonly preset?: PresetName
  readonly endpoint: string
}

/** What a field may hold, where a host tells it. */
const values: Readonly<Record<string, string>> = {
  accountId: '[0-9a-f]{32}',
  jurisdiction: '[a-z]+',
  cn: 'cn',
}

/** Forms of hosts as expressions, with a group for each field. */
const forms = new Map(
  Object.values(PRESETS).map((preset) => [preset, formOf(preset.endpoint)] as const),
)

/** What is known of a store by its kind, or else by its host; `PRESETS.s3` where neither tells. */
export function presetOf({ preset = 's3', endpoint }: NamedStore): StorePreset {
  if (preset !== 's3') return PRESETS[preset]
  const host = hostOf(endpoint)
  for (const [known, form] of forms) {
    const isBelow = known.domains?.some((name) => host === name || host.endsWith(`.${name}`))
    if (isBelow || form?.test(host)) return known
  }
  return PRESETS.s3
}

/** The fields that an address tells by its form, such as `region`; undefined where it has another. */
export function readHost(
  preset: StorePreset,
  endpoint: string,
): Readonly<Record<string, string | undefined>> | undefined {
  const host = hostOf(endpoint)
  const match = forms.get(preset)?.exec(host)
  if (match) return match.groups ?? {}
  return preset.otherHosts?.test(host) ? {} : undefined
}

/** Whether an address can be that store's. On this machine anything may stand in for it. */
export function fits(preset: StorePreset, endpoint: string): boolean {
  if (preset.endpoint === undefined || isLoopback(hostOf(endpoint))) return true
  return readHost(preset, endpoint) !== undefined
}

function hostOf(endpoint: string): string {
  return URL.parse(endpoint)?.hostname ?? ''
}

function formOf(address: string | undefined): RegExp | undefined {
  if (address === undefined) return undefined
  const pattern = address
    .replace('https://', '')
    .replaceAll('.', '\\.')
    .replace(/\[(.*?)\]/g, '(?:$1)?')
    .replace(/\{(\w+)\}/g, (_, name: string) => `(?<${name}>${values[name] ?? '[a-z0-9-]+'})`)
  return new RegExp(`^${pattern}$`)
}
