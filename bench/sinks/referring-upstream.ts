import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { renderOutputReference } from '../../src/outputs/output-reference.ts'
import { listen, takeCommands } from '../subjects/control.ts'

/**
 * A platform whose worker leaves its output in the job's bucket: `status/j1?file=N` refers to N bytes
 * of zeros, of which `status/j1?text=N` is the base64.
 */

const type = { 'content-type': 'application/json' }
const block = 'A'.repeat(4 * 65_536)
let accessId = ''

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream')
  if (pathname.endsWith('/run')) {
    const body = (await json(request)) as { s3Config: { accessId: string } }
    accessId = body.s3Config.accessId
    response.writeHead(200, type).end('{"id":"j1","status":"IN_QUEUE"}')
    return
  }
  request.resume()
  if (!pathname.includes('/status/')) {
    response.writeHead(200, type).end('{"workers":{"idle":1}}')
    return
  }
  const file = Number(searchParams.get('file') ?? 0)
  let left = Number(searchParams.get('text') ?? 0)
  response.writeHead(200, type).write('{"delayTime":5,"id":"j1","output":')
  const end = () => response.end(',"status":"COMPLETED"}')
  if (file > 0) {
    const key = `out/generated-${file}`
    const reference = { accessId, key, as: 'base64', type: 'application/x', bytes: file } as const
    response.write(JSON.stringify(renderOutputReference(reference)))
    end()
    return
  }
  // The platform sends what was one value as one: a multiple of three bytes needs no padding.
  left = Math.ceil(left / 3) * 4
  response.write('"')
  const send = () => {
    while (left > 0) {
      const piece = left < block.length ? block.slice(0, left) : block
      left -= piece.length
      if (!response.write(piece)) {
        response.once('drain', send)
        return
      }
    }
    response.write('"')
    end()
  }
  send()
})

await takeCommands({}, await listen(server))
