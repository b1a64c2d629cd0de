import { isFinal, type Job } from '../client/client.ts'
import type { Caller } from './caller.ts'
import type { Editor } from './editor.ts'
import { byId, make } from './elements.ts'
import { type Explained, explainError } from './explain-error.ts'
import type { Files } from './files.ts'
import { formatSpan } from './format.ts'
import { createJobPanel } from './job-panel.ts'
import type { Session } from './session.ts'

/** Milliseconds between two questions for a job's state: somebody is looking. */
const pollMs = [300, 2_000] as const

/** Takes over the buttons that send and cancel jobs. */
export function createRuns(options: {
  readonly caller: Caller
  readonly editor: Editor
  readonly files: Files
  readonly session: Session
}): void {
  const { caller, editor, files, session } = options
  const panel = createJobPanel(showProblem)
  const buttons = [byId('run', HTMLButtonElement), byId('run-wait', HTMLButtonElement)]
  const cancel = byId('cancel', HTMLButtonElement)
  let watching = new AbortController()
  let sent: { readonly endpointId: string; readonly id: string } | undefined

  /** Follows a job to its end, unless another one is sent meanwhile. */
  async function watch(endpointId: string, job: Job, signal: AbortSignal): Promise<void> {
    sent = { endpointId, id: job.id }
    if (isFinal(job)) return
    const onStatus = (now: Job) => panel.show(now)
    await caller.client().wait(endpointId, job.id, { signal, onStatus, pollMs })
  }

  async function run(operation: 'run' | 'runsync'): Promise<void> {
    hideProblem()
    if (!caller.isReady('focus')) return
    const request = editor.read()
    if (request === undefined) return
    watching.abort()
    watching = new AbortController()
    const { signal } = watching
    const endpointId = caller.endpointId()
    let isSent = false
    setBusy('Uploading')
    try {
      const complete = await files.placeIn(request)
      panel.begin(endpointId)
      setBusy(operation === 'run' ? 'Sending' : 'Waiting')
      const client = caller.client(({ error, delayMs }) => {
        setBusy(`${explainError(error).title}, again in ${formatSpan(delayMs)}`)
      })
      const job = await client[operation](endpointId, complete, { signal })
      isSent = true
      panel.show(job)
      setBusy(undefined)
      await watch(endpointId, job, signal)
    } catch (error) {
      if (signal.aborted) return
      if (!isSent) panel.drop()
      showProblem(explainError(error))
    } finally {
      setBusy(undefined)
    }
  }

  function setBusy(text: string | undefined): void {
    const [first] = buttons
    if (first === undefined) return
    first.textContent = text === undefined ? 'Run' : `${text}…`
    // They keep the focus, which a disabled button would lose.
    for (const button of buttons) button.setAttribute('aria-disabled', String(text !== undefined))
  }
  const isBusy = () => buttons[0]?.getAttribute('aria-disabled') === 'true'

  byId('form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    if (!isBusy()) void run('run')
  })
  buttons[1]?.addEventListener('click', () => {
    if (!isBusy()) void run('runsync')
  })
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isBusy()) return
    event.preventDefault()
    void run('run')
  })
  cancel.addEventListener('click', async () => {
    if (sent === undefined) return
    cancel.disabled = true
    try {
      panel.show(await caller.client().cancel(sent.endpointId, sent.id))
    } catch (error) {
      showProblem(explainError(error))
    } finally {
      cancel.disabled = false
    }
  })

  const { job } = session
  if (job === undefined || job.id === '') return
  panel.restore(job)
  if (!caller.isReady()) return
  const { endpointId, id, seen } = job
  const status = seen.at(-1)?.status ?? ''
  const asked = { id, status: isFinal({ id, status }) ? 'unknown' : status }
  watch(endpointId, asked, watching.signal).catch((error) => {
    if (!watching.signal.aborted) showProblem(explainError(error))
  })
}

function showProblem({ title, detail, wayOut }: Explained): void {
  const box = byId('problem', HTMLElement)
  box.replaceChildren(
    make('h2', { textContent: title }),
    ...(detail === '' ? [] : [make('p', { textContent: detail })]),
    make('p', { textContent: wayOut }),
  )
  box.hidden = false
  box.scrollIntoView({ block: 'nearest' })
}

function hideProblem(): void {
  byId('problem', HTMLElement).hidden = true
}
