import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Contest } from '../contest.ts'
import { bundle, runWrangler } from '../workers/bundle.ts'

/** What wrangler says of the time between loading the module and the end of its top level. */
function activeMilliseconds(report: string): number {
  const active = /Active: ([\d.]+) ms/.exec(report)?.[1]
  if (active === undefined) throw new Error(`wrangler did not profile the start:\n${report}`)
  return Number(active)
}

export const contest: Contest = {
  id: 'workers-bundle',
  title: 'Workers: bundle and start-up',
  about:
    'The bundle that `wrangler deploy` would upload, compressed with gzip, and the CPU that ' +
    '`wrangler check startup` sees before the first request.',
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'bulkway-bundle-'))
    return {
      turns: {
        async gateway() {
          const startedAt = performance.now()
          const module = await readFile(await bundle('src/runtimes/workers.ts', folder))
          const outfile = join(folder, 'startup.cpuprofile')
          const report = await runWrangler(['check', 'startup', '--outfile', outfile])
          const active = activeMilliseconds(report)
          return {
            seconds: (performance.now() - startedAt) / 1e3,
            bytes: module.length,
            extra: { active, gzip: gzipSync(module).length },
          }
        },
      },
      close: () => rm(folder, { recursive: true }),
    }
  },
  goals: [
    {
      figure: 'gzip',
      unit: 'KB',
      target: { atMost: 150 },
      of: ({ gateway }) => (gateway?.extra?.['gzip'] ?? Number.NaN) / 1e3,
    },
    {
      figure: 'active at start-up',
      unit: 'ms',
      target: { atMost: 60 },
      of: ({ gateway }) => gateway?.extra?.['active'] ?? Number.NaN,
    },
  ],
}
