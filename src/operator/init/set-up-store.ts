import type { Config } from '../../config/config.ts'
import { PRESETS, type StorePreset } from '../../config/presets.ts'
import type { ObjectStore } from '../../store/store.ts'
import { readSetting, type Setting, type SettingAnswer, writeSetting } from './bucket-settings.ts'
import { corsRule, grants, isOwn, readCors, writeCors } from './cors-xml.ts'
import { type ExpiryRule, expiryRules, noShorter, ruleMark } from './expiry-rules.ts'
import { findForeign } from './foreign-keys.ts'
import { readExpiryRule, readLifecycle, writeLifecycle } from './lifecycle-xml.ts'

/** What became of one document of one store. */
export interface SetUp {
  readonly store: string
  readonly setting: Setting
  /**
   * `set` and read back, `unchanged`, `planned` by a dry run, `needless`; `impossible`: the store has
   * none, and the sweep or the operator does it; `refused`: something is to be done first.
   */
  readonly outcome: 'set' | 'unchanged' | 'planned' | 'needless' | 'impossible' | 'refused'
  readonly detail: string
  /** Rules of others, which stay. */
  readonly others?: number
  readonly xml?: string
}

/** A store that is set up. */
export interface SetUpOptions {
  readonly config: Config
  readonly storeId: string
  readonly store: ObjectStore
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly dryRun: boolean
}

/** One document, with what the gateway wants in it. */
interface Wanted {
  readonly setting: Setting
  readonly instead: string
  /** Permission that its key needs. */
  readonly permission: string
  split(xml: string): { others: string[]; isThere: boolean }
  write(others: readonly string[], withAborts: boolean): string
}

/**
 * Sets the rules by which a store deletes what is past all use, and what browsers may do. Rules of
 * others stay as they are; what was written is read back.
 *
 * @throws {GatewayError} store_unavailable
 */
export async function setUpStore(options: SetUpOptions): Promise<SetUp[]> {
  return [await setLifecycle(options), await setCors(options)]
}

async function setLifecycle(options: SetUpOptions): Promise<SetUp> {
  const { config, storeId, store, now } = options
  const preset = presetOf(config, storeId)
  const rules = expiryRules(config, storeId, now)
  const instead = 'bulkway sweep deletes what is due'
  if (preset.lifecycle === false) return impossible(storeId, 'lifecycle', preset, instead)
  const foreign = await findForeign(store, rules)
  if (foreign !== undefined) {
    const detail =
      `keys of others lie where the rules would delete them: ${foreign}. Give Bulkway a bucket of ` +
      'its own, or have bulkway sweep delete what is due: it knows its own keys alone'
    return { store: storeId, setting: 'lifecycle', outcome: 'refused', detail }
  }
  let wanted = rules
  return await change(options, preset, {
    setting: 'lifecycle',
    instead,
    permission: 's3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration',
    split(xml) {
      const all = readLifecycle(xml)
      const others = all.filter((rule) => !(readExpiryRule(rule).id ?? '').startsWith(ruleMark))
      const own = all.filter((rule) => !others.includes(rule)).map(readExpiryRule)
      wanted = noShorter(rules, own)
      const isThere = own.length === wanted.length && wanted.every((rule) => has(own, rule))
      return { others, isThere }
    },
    write: (others, withAborts) => writeLifecycle(others, wanted, withAborts),
  })
}

function has(own: readonly Partial<ExpiryRule>[], rule: ExpiryRule): boolean {
  return own.some(
    ({ id, prefix, expireDays, abortDays = rule.abortDays }) =>
      id === rule.id &&
      prefix === rule.prefix &&
      expireDays === rule.expireDays &&
      abortDays === rule.abortDays,
  )
}

async function setCors(options: SetUpOptions): Promise<SetUp> {
  const { config, storeId } = options
  const rule = corsRule(config, storeId)
  if (rule === undefined) {
    const detail =
      config.cors === undefined ? 'the configuration has no "cors"' : 'no page calls it'
    return { store: storeId, setting: 'cors', outcome: 'needless', detail }
  }
  const preset = presetOf(config, storeId)
  const instead = 'set "presign": false, and parts from browsers come through the gateway'
  if (preset.cors === false) return impossible(storeId, 'cors', preset, instead)
  return await change(options, preset, {
    setting: 'cors',
    instead,
    permission: 's3:GetBucketCORS and s3:PutBucketCORS',
    split(xml) {
      const all = readCors(xml)
      const others = all.filter((one) => !isOwn(one, rule))
      const own = all.filter((one) => isOwn(one, rule))
      return { others, isThere: own.length === 1 && own.every((one) => grants(one, rule)) }
    },
    write: (others) => writeCors(others, rule),
  })
}

async function change(
  { storeId, store, dryRun }: SetUpOptions,
  preset: StorePreset,
  wanted: Wanted,
): Promise<SetUp> {
  const { setting, instead, permission } = wanted
  const result = (outcome: SetUp['outcome'], detail: string, more: Partial<SetUp> = {}) => ({
    store: storeId,
    setting,
    outcome,
    detail,
    ...more,
  })
  const failed = (answer: SettingAnswer): SetUp => {
    if (answer.kind !== 'refused') return impossible(storeId, setting, preset, instead)
    const { status, code } = answer
    const why = status === 403 ? `the store’s key needs ${permission}` : instead
    return result('refused', `the store answered ${status} ${code}: ${why}`)
  }

  const before = await readSetting(store, setting)
  if (before.kind !== 'read') return failed(before)
  const { others, isThere } = wanted.split(before.xml)
  const kept = { others: others.length }
  if (isThere) return result('unchanged', 'it is there already', kept)
  let xml = wanted.write(others, preset.abortLifecycle !== false)
  if (dryRun) return result('planned', 'it would be set', { ...kept, xml })
  let written = await writeSetting(store, setting, xml)
  if (written.kind === 'refused' && written.status === 400 && preset.abortLifecycle === 'unknown') {
    xml = wanted.write(others, false)
    written = await writeSetting(store, setting, xml)
  }
  if (written.kind !== 'written') return failed(written)
  const after = await readSetting(store, setting)
  const seen = after.kind === 'read' ? wanted.split(after.xml) : undefined
  if (seen?.isThere !== true || seen.others.length !== others.length) {
    return result('refused', 'the store took it, but does not show it: look at the bucket', kept)
  }
  return result('set', 'it was set and read back', { ...kept, xml })
}

function impossible(store: string, setting: Setting, preset: StorePreset, instead: string): SetUp {
  const what = setting === 'lifecycle' ? 'expiry rules' : 'CORS rules'
  const name = preset === PRESETS.s3 ? 'the store' : preset.name
  const detail = `${name} takes no ${what} by its S3 API: ${instead}`
  return { store, setting, outcome: 'impossible', detail }
}

function presetOf({ stores }: Config, storeId: string): StorePreset {
  return PRESETS[stores.get(storeId)?.preset ?? 's3']
}
