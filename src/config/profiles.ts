import { escapeToken } from '../contract/faults.ts'
import { ConfigError, type ConfigFault } from './config-error.ts'

/** A document as one profile has it. */
export interface Profiled {
  readonly document: unknown
  /** Where a fault of it is written: in the profile, if what it is about comes from there. */
  place(fault: ConfigFault): ConfigFault
}

type JsonObject = Readonly<Record<string, unknown>>

/**
 * The document with the profile of that name merged over it (JSON Merge Patch, RFC 7396); as it is
 * where no name is given.
 *
 * @throws {ConfigError} when the document has no such profile, or it is none
 */
export function applyProfile(written: unknown, name: string | undefined): Profiled {
  if (name === undefined) return { document: written, place: (fault) => fault }
  const profiles = isObject(written) ? written['profiles'] : undefined
  if (!isObject(written) || !isObject(profiles) || !Object.hasOwn(profiles, name)) {
    throw unknownProfile(name, profiles)
  }
  const patch = profiles[name]
  const root = `/profiles/${escapeToken(name)}`
  if (!isObject(patch)) throw new ConfigError([{ pointer: root, message: 'must be object' }])
  if (Object.hasOwn(patch, 'profiles')) {
    const message = 'is not known: a profile has no profiles'
    throw new ConfigError([{ pointer: `${root}/profiles`, message }])
  }
  return {
    document: mergePatch(written, patch),
    place: ({ pointer, message }) => ({
      pointer: isFrom(pointer, written, patch) ? `${root}${pointer}` : pointer,
      message,
    }),
  }
}

/** RFC 7396 §2. A member that is null goes; a list is replaced as a whole. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name)
    else merged.set(name, mergePatch(merged.get(name), value))
  }
  return Object.fromEntries(merged)
}

/** Whether the value at a pointer, or the object that lacks it, was written in the patch. */
function isFrom(pointer: string, base: unknown, patch: unknown): boolean {
  let [below, above] = [base, patch]
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isObject(above)) return true
    // An object that the document lacks was made by the patch, and so was what is missing in it.
    if (!Object.hasOwn(above, name)) return !isObject(below)
    above = above[name]
    below = isObject(below) ? below[name] : undefined
  }
  return !isObject(above) || !isObject(below)
}

function unknownProfile(name: string, profiles: unknown): ConfigError {
  const names = isObject(profiles) ? Object.keys(profiles).sort() : []
  const there = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`
  const message = `has no "${name}", which BULKWAY_PROFILE asks for: ${there}`
  return new ConfigError([{ pointer: '/profiles', message }])
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
