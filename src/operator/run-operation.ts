import type { Deps } from '../flows/deps.ts'
import { type SweepProgress, sweepAll } from '../flows/sweep-all.ts'
import { reasonOf } from '../log.ts'
import { type SetUp, setUpStore } from './init/set-up-store.ts'
import { type Operation, UsageError } from './parse-operation.ts'
import { lookUpVolumes } from './usage/look-up-volumes.ts'
import { measureUsage } from './usage/measure.ts'
import { renderUsage } from './usage/render-usage.ts'

/** Where results and remarks of a command go. */
export interface Surroundings {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly signal: AbortSignal
  /** Milliseconds since the epoch by which things are due. */
  readonly now: number
}

type Given<Kind> = Extract<Operation, { kind: Kind }>

/** Does one command on the stores of a gateway; the exit code. */
export async function runOperation(
  operation: Exclude<Operation, { kind: 'help' }>,
  deps: Deps,
  surroundings: Surroundings,
): Promise<number> {
  const storeIds = [...deps.config.stores.keys()]
  const [stranger] = operation.stores.filter((id) => !storeIds.includes(id))
  if (stranger !== undefined) {
    throw new UsageError(`There is no store ${stranger}: there are ${storeIds.join(', ')}`)
  }
  const chosen = operation.stores.length === 0 ? storeIds : operation.stores
  if (operation.kind === 'init') return await init(operation, deps, surroundings, chosen)
  if (operation.kind === 'sweep') return await sweep(operation, deps, surroundings)
  return await usage(operation, deps, surroundings, chosen)
}

async function init(
  { dryRun, json }: Given<'init'>,
  deps: Deps,
  { stdout, now }: Surroundings,
  storeIds: readonly string[],
): Promise<number> {
  let isFine = true
  for (const storeId of storeIds) {
    const store = deps.store(storeId)
    if (store === undefined) continue
    const { config } = deps
    const done = await setUpStore({ config, storeId, store, now, dryRun }).catch(
      (error: unknown): SetUp[] => {
        const cause = error instanceof Error && error.cause ? error.cause : error
        const detail = `the store cannot be asked: ${reasonOf(cause)}`
        return [{ store: storeId, setting: 'lifecycle', outcome: 'refused', detail }]
      },
    )
    for (const one of done) {
      isFine &&= one.outcome !== 'refused'
      stdout.write(json ? `${JSON.stringify(one)}\n` : setUpText(one))
    }
  }
  return isFine ? 0 : 1
}

function setUpText({ store, setting, outcome, detail, others = 0, xml }: SetUp): string {
  const kept = others === 0 ? '' : `; ${others} of others stay`
  const document = outcome === 'planned' && xml !== undefined ? `${xml}\n` : ''
  return `${store} ${setting}: ${outcome}: ${detail}${kept}\n${document}`
}

async function sweep(
  { limit, rate, json }: Given<'sweep'>,
  deps: Deps,
  { stdout, stderr, signal, now }: Surroundings,
): Promise<number> {
  const line = progressLine(stderr)
  const swept = await sweepAll(deps, {
    now,
    limit,
    signal,
    ...(rate === undefined ? {} : { perSecond: rate }),
    onProgress: ({ requests, removals }: SweepProgress) =>
      line.show(`${removals} removed, ${requests} requests`),
  })
  line.end()
  const { files, grants, results, jobs, uploads, aborted, sessions, faults, done } = swept
  stdout.write(
    json
      ? `${JSON.stringify(swept)}\n`
      : `swept ${files} files, ${grants} grants, ${results} results, ${jobs} finished jobs, ` +
          `${uploads} uploads, ${aborted} of them or of jobs still open, ${sessions} sessions` +
          `${faults > 0 ? `; ${faults} faults` : ''}${done ? '' : '; more is left'}\n`,
  )
  if (faults > 0) return 1
  return signal.aborted ? 130 : 0
}

async function usage(
  { json }: Given<'usage'>,
  deps: Deps,
  { stdout, stderr, now }: Surroundings,
  storeIds: readonly string[],
): Promise<number> {
  const line = progressLine(stderr)
  const measured = await measureUsage(deps, {
    storeIds,
    onProgress: (objects) => line.show(`${objects} objects`),
  })
  line.end()
  const volumes = await lookUpVolumes(deps, storeIds)
  stdout.write(
    json
      ? `${JSON.stringify({ at: new Date(now).toISOString(), ...measured, volumes })}\n`
      : renderUsage(measured, volumes),
  )
  return 0
}

/** A line that is redrawn on a terminal, a few times a second; elsewhere there is none. */
function progressLine(screen: Surroundings['stderr']) {
  let shownAt = 0
  return {
    show(text: string): void {
      if (screen.isTTY !== true || Date.now() - shownAt < 200) return
      shownAt = Date.now()
      screen.write(`\r${text}\u001b[K`)
    },
    end(): void {
      if (shownAt > 0) screen.write('\r\u001b[K')
    },
  }
}
