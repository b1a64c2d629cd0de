import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const python = process.env['BULKWAY_PYTHON'] ?? ''
const source = fileURLToPath(new URL('../../../workers/python', import.meta.url))

test.runIf(python !== '')('bulkway_worker.py is a package of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkway-wheel-'))
  try {
    // Building leaves files beside the source.
    await cp(source, join(folder, 'source'), { recursive: true })
    const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check']
    const into = join(folder, 'installed')
    await run(python, [...pip, 'install', '--no-deps', '--target', into, join(folder, 'source')])
    const script = 'import bulkway_worker as one; print(one.__version__, *one.__all__)'
    const env = { PYTHONPATH: into }
    const { stdout } = await run(python, ['-P', '-c', script], { env, cwd: folder })

    expect(stdout).toBe('0.1.0 InputError Output OutputError wrap\n')
    expect((await readdir(into)).filter((name) => !name.startsWith('__')).sort()).toEqual([
      'bulkway_worker-0.1.0.dist-info',
      'bulkway_worker.py',
    ])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
