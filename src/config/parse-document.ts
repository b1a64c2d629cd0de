import { parse, printParseErrorCode, visit } from 'jsonc-parser'
import { describeFaults, escapeToken } from '../contract/faults.ts'
import type { components } from '../contract/types.gen.ts'
import { validateConfig } from '../contract/validators.gen.js'
import { ConfigError, type ConfigFault } from './config-error.ts'
import { applyProfile } from './profiles.ts'

/** The configuration as it is written: `schemas/Config.json`. */
export type ConfigDocument = components['schemas']['Config']

/** The document as it counts, and where a fault of it is written. */
export interface ParsedDocument {
  readonly document: ConfigDocument
  place(fault: ConfigFault): ConfigFault
}

/**
 * Reads the document, JSON with comments and trailing commas, merges the profile of that name over it
 * and checks the outcome against its schema.
 *
 * @throws {ConfigError} with every fault of syntax, or else every fault of shape
 */
export function parseDocument(text: string, profile?: string): ParsedDocument {
  const syntax = syntaxFaults(text)
  if (syntax.length > 0) throw new ConfigError(syntax)
  const written: unknown = parse(text, [], { allowTrailingComma: true })
  const { document, place } = applyProfile(written, profile)
  if (validateConfig(document)) return { document: document as ConfigDocument, place }
  throw new ConfigError(describeFaults(validateConfig.errors ?? []).map(place))
}

function syntaxFaults(text: string): ConfigFault[] {
  const faults: ConfigFault[] = []
  const open: Set<string>[] = []
  visit(
    text,
    {
      onError: (error, _offset, _length, line, character) => {
        const words = printParseErrorCode(error)
          .replace(/(?<=[a-z])[A-Z]/g, ' $&')
          .toLowerCase()
        const place = `line ${line + 1}, column ${character + 1}`
        faults.push({ pointer: '', message: `Cannot read the JSON at ${place}: ${words}` })
      },
      onObjectBegin: () => {
        open.push(new Set())
      },
      onObjectEnd: () => {
        open.pop()
      },
      onObjectProperty: (name, _offset, _length, line, _character, pathTo) => {
        const members = open.at(-1)
        const pointer = [...pathTo(), name]
          .map((token) => `/${escapeToken(String(token))}`)
          .join('')
        // `__proto__` would be set as the prototype, out of the validator's sight.
        if (name === '__proto__') faults.push({ pointer, message: 'is not known' })
        if (members?.has(name)) {
          faults.push({ pointer, message: `is given twice, again on line ${line + 1}` })
        }
        members?.add(name)
      },
    },
    { allowTrailingComma: true },
  )
  return faults
}
