import type { Deps } from '../flows/deps.ts'
import { sendDueWebhooks } from '../flows/webhooks/send-due.ts'
import { reasonOf } from '../log.ts'

const width = 32
const forMs = 60_000

/** Sends kept webhooks when they are due, for as long as the process lives. */
export function sendWebhooksOnNode(deps: Deps): { stop(): void } {
  const pauseMs = deps.config.webhooks.pollSeconds * 1000
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  async function look(): Promise<void> {
    await sendDueWebhooks(deps, { width, forMs }).catch((error: unknown) => {
      deps.log.write('warn', { event: 'webhooks_not_read', reason: reasonOf(error) })
    })
    if (!isStopped) timer = setTimeout(look, pauseMs)
  }

  if (deps.config.webhooks.durable) timer = setTimeout(look, pauseMs)
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
