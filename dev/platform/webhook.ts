import { type Job, statusOf } from './job.ts'

/** One try to deliver a webhook, for tests to look at. */
export interface WebhookTry {
  readonly jobId: string
  /** Undefined when no answer came. */
  readonly status: number | undefined
}

const tries = 3
const tryTimeoutMs = 30_000

/**
 * Posts what `status` says, with `input` and `webhook` echoed as the platform does, until the
 * answer is 200: three tries in all, `delayMs` apart.
 */
export async function deliverWebhook(
  job: Job,
  options: {
    readonly delayMs: number
    readonly now: number
    readonly signal: AbortSignal
    readonly onTry: (attempt: WebhookTry) => void
  },
): Promise<void> {
  const { delayMs, signal, onTry } = options
  const { webhook, input } = job
  if (webhook === undefined) return
  const body = JSON.stringify({ ...statusOf(job, options.now), input, webhook })
  for (let attempt = 1; attempt <= tries && !signal.aborted; attempt++) {
    const status = await post(webhook, body, signal)
    onTry({ jobId: job.id, status })
    if (status === 200) return
    if (attempt < tries) await pause(delayMs, signal)
  }
}

async function post(url: string, body: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(tryTimeoutMs)]),
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
