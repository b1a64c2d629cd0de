import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { ConfigError, readConfig } from '../config/read-config.ts'

/** Parts in the buffer pool of a Node process. */
const poolParts = 32

/** Reads the file named by `BULKWAY_CONFIG`; says everything that is wrong with it and exits 1. */
export function readNodeConfig(): Config {
  const path = process.env['BULKWAY_CONFIG']
  if (path === undefined || path === '') {
    return refuse('Set BULKWAY_CONFIG to the path of a configuration file (bulkway.example.jsonc)')
  }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return refuse(`Cannot read the configuration file ${path}`)
  }
  try {
    const profile = process.env['BULKWAY_PROFILE']
    return readConfig(text, (name) => process.env[name], { poolParts, profile })
  } catch (error) {
    if (error instanceof ConfigError) return refuse(`${path}: ${error.message}`)
    throw error
  }
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
