import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { startChild } from '../../dev/child.ts'

/** A process of the bench. */
export interface Launched {
  readonly pid: number
  /** Where it serves; empty for a process that only takes commands. */
  readonly url: string
  /** Has it carry out one of its commands (control.ts). */
  ask<Answer>(command: string, facts?: unknown): Promise<Answer>
  stop(): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const agent = new Agent({ keepAlive: false })

/**
 * Starts a script of the bench (`bench/…`), which calls `takeCommands`, as a process of its own.
 * It ends with `stop`, and at the latest with this process.
 */
export async function launch(
  script: string,
  env: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): Promise<Launched> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>()
  const child = startChild([...nodeOptions, `${root}/${script}`], {
    cwd: root,
    env,
    onLine(line) {
      if (line.startsWith('ready ')) resolve(line.slice(6))
    },
  })
  void child.exited.then((code) => {
    reject(new Error(`${script} ended with code ${code}\n${child.tail()}`))
  })
  const { control, url } = JSON.parse(await ready) as { control: string; url: string }

  return {
    pid: child.pid,
    url,
    ask: async (command, facts) => {
      const answer = await post(`${control}/${command}`, JSON.stringify(facts ?? null))
      if (answer.status !== 200) throw new Error(`${script} ${command}: ${answer.text}`)
      return JSON.parse(answer.text)
    },
    stop: () => child.stop(),
  }
}

function post(url: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent }, async (incoming) => {
      resolve({ status: incoming.statusCode ?? 0, text: await text(incoming) })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Stops all that has been started, in reverse order. */
export async function stopAll(processes: readonly { stop(): Promise<void> }[]): Promise<void> {
  for (const one of [...processes].reverse()) await one.stop()
}
