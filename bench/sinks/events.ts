import { createServer } from 'node:http'
import { listen, takeCommands } from '../subjects/control.ts'

/**
 * A platform whose worker streams tokens: `POST …?events=N` is answered by N events, `pauseMs` apart,
 * each with the time when it was written, in nanoseconds of the machine's monotonic clock.
 */

const pauseMs = 8

const server = createServer((request, response) => {
  request.resume()
  const url = new URL(request.url ?? '/', 'http://upstream')
  const events = Number(url.searchParams.get('events') ?? 0)
  if (events === 0) return void response.end('{}')
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    let count = 0
    const timer = setInterval(() => {
      const delta = { index: 0, delta: { content: ' token' }, finish_reason: null }
      const sentNs = `${process.hrtime.bigint()}`
      const chunk = { id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [delta], sentNs }
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
      if (++count < events) return
      clearInterval(timer)
      response.end('data: [DONE]\n\n')
    }, pauseMs)
  })
})

await takeCommands({}, await listen(server))
