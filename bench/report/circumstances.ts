import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import type { Circumstances } from './results.ts'

/** This machine, this day, and the versions of what is installed. No name of a host. */
export function circumstances(root: string): Circumstances {
  const processors = cpus()
  const versions: Record<string, string | undefined> = {
    bulkway: ours(root),
    node: process.versions.node,
    workerd: versionOf(join(root, 'node_modules/workerd')),
    ...peers(root),
    // Pinned for the tests, and installed by them or by the row that needs it.
    boto3: /^boto3==(\S+)$/m.exec(said('cat', [join(root, 'test/python/requirements.txt')]))?.[1],
    python: /Python (\S+)/.exec(said('python3', ['--version']))?.[1],
    nginx: /nginx\/(\S+)/.exec(said('nginx', ['-v']))?.[1],
  }
  const [load = 0] = loadavg()
  return {
    // Half a core is what an idle machine and the end of an earlier row may show.
    ...(load > 0.5 && { remark: `other work was running (load ${Math.round(load)})` }),
    date: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpuName(processors[0]?.model ?? 'unknown'),
      cores: processors.length,
      memoryGigabytes: Math.round(totalmem() / 1e9),
      // What a builder adds to the number says nothing to a reader.
      kernel: `${type()} ${/^[\d.]+/.exec(release())?.[0] ?? ''}`,
    },
    versions: Object.fromEntries(
      Object.entries(versions).flatMap(([name, version]) => (version ? [[name, version]] : [])),
    ),
  }
}

/** The release, and the commit where there is a repository; `+` where `src/` differs from it. */
function ours(root: string): string | undefined {
  const commit = said('git', ['-C', root, 'rev-parse', '--short', 'HEAD']).trim()
  const changed = said('git', ['-C', root, 'status', '--porcelain', '--', 'src']) !== ''
  const version = versionOf(root)
  return commit === '' ? version : `${version} (${commit}${changed ? '+' : ''})`
}

function peers(root: string): Record<string, string | undefined> {
  const wanted = read(join(root, 'bench/package.json'))?.dependencies ?? {}
  return Object.fromEntries(
    Object.keys(wanted).map((name) => [name, versionOf(join(root, 'bench/node_modules', name))]),
  )
}

function versionOf(folder: string): string | undefined {
  return read(join(folder, 'package.json'))?.version
}

function read(file: string): { version?: string; dependencies?: object } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** Xeons of clouds carry no number: what the kernel knows of the family is said with it. */
function cpuName(model: string): string {
  const text = model.replaceAll(/\s+/g, ' ').trim()
  if (/\d{3}/.test(text)) return text
  const info = said('cat', ['/proc/cpuinfo'])
  const field = (name: string) => new RegExp(`^${name}\\s*:\\s*(.+)$`, 'm').exec(info)?.[1]
  const [family, number] = [field('cpu family'), field('model')]
  const megahertz = Number(field('cpu MHz'))
  const speed = megahertz > 0 ? `, ${(megahertz / 1e3).toFixed(1)} GHz` : ''
  return family === undefined ? text : `${text} (family ${family}, model ${number}${speed})`
}

function said(program: string, args: readonly string[]): string {
  try {
    // nginx prints its version to standard error.
    return execFileSync('sh', ['-c', '"$0" "$@" 2>&1', program, ...args], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
