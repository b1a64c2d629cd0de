import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { unstable_readConfig as readWrangler } from 'wrangler'
import { root, runWrangler } from '../../bench/workers/bundle.ts'
import { readConfig } from '../../src/config/read-config.ts'
import { DEFAULTS } from '../../src/contract/defaults.gen.ts'

const environments = ['dev', 'staging', 'production']
const example = await readFile(join(root, 'bulkway.example.jsonc'), 'utf8')

function environment(env?: string) {
  const config = join(root, 'wrangler.toml')
  const read = readWrangler({ config, ...(env !== undefined && { env }) })
  const { name, vars, triggers, workers_dev, preview_urls, minify, keep_names } = read
  const { observability, alias, compatibility_date, compatibility_flags, main } = read
  const { upload_source_maps, durable_objects, kv_namespaces, r2_buckets } = read
  return {
    ...{ name, vars, triggers, workers_dev, preview_urls, minify, keep_names, observability },
    ...{ alias, compatibility_date, compatibility_flags, main, upload_source_maps },
    ...{ durable_objects, kv_namespaces, r2_buckets },
  }
}

/** Where the example's secrets come from. */
function secret(name: string): string {
  return name === 'BULKWAY_MASTER_KEYS' ? `k1:${btoa('a'.repeat(32))}` : 'any-secret'
}

describe.each(environments)('the environment %s of wrangler.toml', (env) => {
  test('is complete: like the one without a name but for its name and its vars', () => {
    const { vars, ...rest } = environment(env)
    const { vars: topVars, ...top } = environment()
    expect(rest).toEqual({ ...top, name: `bulkway-${env}` })
    const { BULKWAY_PROFILE: profile, ...others } = vars
    expect(profile).toBe(env)
    expect(Object.keys(others).sort()).toEqual(Object.keys(topVars).sort())
  })

  test('can be deployed, with its profile', { timeout: 60_000 }, async () => {
    const said = await runWrangler(['deploy', '--dry-run', '--env', env])
    expect(said).toContain(`env.BULKWAY_PROFILE ("${env}")`)
    expect(said).toContain('env.BULKWAY_CONFIG')
  })

  test('names a profile of the example', () => {
    const config = readConfig(example, secret, { profile: env })
    expect(config.stores.get('main')?.preset).toBe(env === 'dev' ? 'minio' : 'aws')
    expect(config.publicUrl === 'https://gateway.example').toBe(env === 'production')
  })
})

test('the triggers of wrangler.toml are those that the gateway knows', () => {
  expect(environment().triggers.crons).toEqual(['* * * * *', DEFAULTS.ConfigSweep.cron])
})
