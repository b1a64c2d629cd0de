import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openPage, type Page } from './page.ts'

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of a Chromium, from BULKWAY_CHROMIUM or its usual places; undefined where there is none. */
export const chromiumPath: string | undefined =
  process.env['BULKWAY_CHROMIUM'] ?? usual.find((path) => existsSync(path))

/** A Chromium without a window, and with a profile of its own. */
export interface Chromium {
  /** Opens an empty page; several share localStorage, and no sessionStorage. */
  open(): Promise<Page>
  close(): Promise<void>
}

/** Starts it; rejects where it does not say in time where it can be reached. */
export async function startChromium(): Promise<Chromium> {
  if (chromiumPath === undefined)
    throw new Error('There is no Chromium; name one in BULKWAY_CHROMIUM')
  const profile = await mkdtemp(join(tmpdir(), 'bulkway-chromium-'))
  const child = spawn(
    chromiumPath,
    [
      '--headless=new',
      '--remote-debugging-port=0',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-background-networking',
      '--disable-component-update',
      '--hide-scrollbars',
      '--mute-audio',
      '--no-first-run',
      '--lang=en-GB',
      `--user-data-dir=${profile}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  )
  const stop = () => killGroup(child)
  process.once('exit', stop)
  const endpoint = await endpointOf(child)
  return {
    open: () => openPage(endpoint),
    async close() {
      process.off('exit', stop)
      const gone = new Promise((resolve) => child.once('exit', resolve))
      stop()
      await gone
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

async function endpointOf(child: ChildProcess): Promise<string> {
  if (child.stderr === null) throw new TypeError('Chromium has no stderr')
  const lines = createInterface({ input: child.stderr })
  const timer = setTimeout(() => killGroup(child), 60_000)
  const said: string[] = []
  try {
    for await (const line of lines) {
      said.push(line)
      const url = /^DevTools listening on (ws:\S+)/.exec(line)?.[1]
      if (url !== undefined) return url
    }
  } finally {
    clearTimeout(timer)
    child.stderr.resume()
  }
  throw new Error(`Chromium ended before it was ready:\n${said.join('\n')}`)
}

function killGroup({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
