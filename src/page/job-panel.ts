import { isFinal, type Job } from '../client/client.ts'
import { announce, byId, make } from './elements.ts'
import { type Explained, explainJobError } from './explain-error.ts'
import { formatSpan } from './format.ts'
import { hideResult, showResult } from './result.ts'
import { remember, type SentJob } from './session.ts'

/** The job under way, or the last one. */
export interface JobPanel {
  /** A new job is being sent. */
  begin(endpointId: string): void
  /** What is known of it now. */
  show(job: Job): void
  /** Nothing came of sending it. */
  drop(): void
  /** The job that a reload has interrupted; undefined where there is none. */
  restore(job: SentJob | undefined): void
}

const good = new Set(['Sent', 'IN_QUEUE', 'IN_PROGRESS', 'COMPLETED'])

/** Takes over the panel; `onFail` is told why a job came to nothing. */
export function createJobPanel(onFail: (explained: Explained) => void): JobPanel {
  const none = byId('job-none', HTMLParagraphElement)
  const box = byId('job', HTMLDivElement)
  const list = byId('timeline', HTMLOListElement)
  const cancel = byId('cancel', HTMLButtonElement)
  let job: SentJob | undefined

  function render(last?: Job): void {
    none.hidden = job !== undefined
    box.hidden = job === undefined
    if (job === undefined) return
    byId('job-id', HTMLElement).textContent = job.id
    const over = last !== undefined && isFinal(last)
    cancel.hidden = job.id === '' || over
    const { seen } = job
    list.replaceChildren(
      ...seen.map(({ status, at }, index) => {
        const time = make('time', {
          dateTime: new Date(at).toISOString(),
          textContent: new Date(at).toLocaleTimeString(),
        })
        const isNow = index === seen.length - 1 && !over
        const className = good.has(status) ? (isNow ? 'now' : '') : 'bad'
        const said = make('span', {
          textContent: over && index === seen.length - 1 ? spanOf(last) : '',
        })
        return make('li', { className }, make('b', { textContent: status }), time, said)
      }),
    )
  }
  function add(status: string): void {
    if (job === undefined || job.seen.at(-1)?.status === status) return
    job = { ...job, seen: [...job.seen, { status, at: Date.now() }] }
  }

  return {
    begin(endpointId) {
      hideResult()
      job = { id: '', endpointId, seen: [{ status: 'Sent', at: Date.now() }] }
      render()
    },
    show(now) {
      if (job === undefined) return
      job = { ...job, id: now.id }
      add(now.status)
      remember('job', job)
      render(now)
      announce(`Job ${now.status.toLowerCase().replace('_', ' ')}`)
      if (!isFinal(now)) return
      showResult(now)
      if (now.status !== 'COMPLETED') onFail(explainJobError(now.status, now.error))
    },
    drop() {
      job = undefined
      remember('job', undefined)
      render()
    },
    restore(earlier) {
      job = earlier
      render()
    },
  }
}

function spanOf({ delayTime, executionTime }: Job): string {
  const said = []
  if (typeof delayTime === 'number') said.push(`${formatSpan(delayTime)} in the queue`)
  if (typeof executionTime === 'number') said.push(`${formatSpan(executionTime)} of work`)
  return said.join(', ')
}
