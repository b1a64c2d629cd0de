import { PRESETS, type StorePreset, type Support } from '../src/config/presets.ts'

/** Fills the table between `<!-- presets -->` and `<!-- /presets -->` from the presets of stores. */
export function presetsIn(page: string): string {
  const rows = Object.entries(PRESETS).map(([kind, preset]) => rowOf(kind, preset))
  const table = [
    '| `kind` | address | region | state store | parts but the last | parts held to a digest | lifecycle rules | abort rules | CORS rules | list of open uploads | own keys for jobs | $ a GB and month |',
    `|${'---|'.repeat(12)}`,
    ...rows,
  ].join('\n')
  return page.replace(
    /<!-- presets -->\n[\s\S]*?<!-- \/presets -->/,
    () => `<!-- presets -->\n${table}\n<!-- /presets -->`,
  )
}

function rowOf(kind: string, preset: StorePreset): string {
  const { endpoint, region, parts, keys, pricePerGbMonth } = preset
  const cells = [
    `[\`${kind}\`](#${kind})`,
    endpoint === undefined ? '`endpoint` is given' : `\`${endpoint}\``,
    region === undefined ? (endpoint === undefined ? 'given' : 'in the address') : `\`${region}\``,
    word(preset.conditionalWrites),
    `${sizeOf(parts.minBytes)} to ${sizeOf(parts.maxBytes)}${parts.equal ? ', all equal' : ''}`,
    word(preset.signedDigest),
    word(preset.lifecycle),
    word(preset.abortLifecycle),
    word(preset.cors),
    word(preset.listUploads),
    keys.access.length === 0 ? 'no' : keys.access.map((way) => `\`${way}\``).join(', '),
    pricePerGbMonth === undefined ? '' : `${pricePerGbMonth}`,
  ]
  return `| ${cells.join(' | ')} |`
}

function word(support: Support): string {
  return support === 'unknown' ? '?' : support ? 'yes' : 'no'
}

function sizeOf(bytes: number): string {
  const units: readonly (readonly [number, string])[] = [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [1e9, 'GB'],
    [1e6, 'MB'],
  ]
  const [unit, name] = units.find(([unit]) => bytes % unit === 0) ?? [1, 'byte']
  return `${bytes / unit} ${name}`
}
