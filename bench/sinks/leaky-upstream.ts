import { createServer } from 'node:http'
import { listen, takeCommands } from '../subjects/control.ts'
import { lengthOf, piecesOf } from './leaky-body.ts'

/** A platform whose worker gives away secrets: `status/j1?blocks=N` is a giant of N blocks. */

const server = createServer((request, response) => {
  request.resume()
  const url = new URL(request.url ?? '/', 'http://upstream')
  const blocks = Number(url.searchParams.get('blocks') ?? 0)
  const type = { 'content-type': 'application/json' }
  if (blocks === 0) {
    response.writeHead(200, type).end('{"id":"j1","status":"IN_QUEUE","workers":{"idle":1}}')
    return
  }
  response.writeHead(200, { ...type, 'content-length': lengthOf(blocks) })
  const pieces = piecesOf(blocks, 'sent')
  const send = () => {
    for (let next = pieces.next(); next.done !== true; next = pieces.next()) {
      if (!response.write(next.value)) {
        response.once('drain', send)
        return
      }
    }
    response.end()
  }
  send()
})

await takeCommands({}, await listen(server))
