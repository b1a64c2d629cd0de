import { GatewayError } from '../errors.ts'
import type { BytePrimitives } from '../platform.ts'
import type { StagedWriter } from '../store/staged-writer.ts'
import { checkJson, type JsonLimits } from './check-json.ts'
import type { Field } from './field-tree.ts'
import { placeFields } from './place-fields.ts'
import type { RawRequest } from './raw-request.ts'
import { readChunk } from './stage-json.ts'
import { type FileStaging, fileMark, type StagedFiles } from './staged-file.ts'

export interface StageRawOptions extends FileStaging {
  /** The request body, read to its end unless something fails. */
  readonly body: { read(): Promise<Uint8Array | undefined> }
  readonly request: RawRequest
  /** Content-Length, where there is one: what is too long is refused at once. */
  readonly announcedBytes?: number | undefined
  readonly bytes: BytePrimitives
  readonly limits: JsonLimits & { readonly payloadBytes: number }
}

const encoder = new TextEncoder()

/**
 * Stages a body whole, as `input.file`, with `filename` and `contentType` beside it.
 *
 * @throws {GatewayError} invalid_request, also where the body is empty, body_too_large, client_gone,
 *   whatever the store or `beforeStaging` throws; nothing stays in the store then.
 */
export async function stageRaw(options: StageRawOptions): Promise<StagedFiles> {
  const { body, request } = options
  const text = renderRequest(options)
  checkLength(options.announcedBytes ?? 0, options.limits.payloadBytes)
  let chunk = await readChunk(body)
  while (chunk?.length === 0) chunk = await readChunk(body)
  if (chunk === undefined) throw new GatewayError('invalid_request', 'Cannot stage an empty body')
  await options.beforeStaging()
  const { filename, contentType: mediaType } = request
  const named = filename === undefined ? {} : { filename }
  const writer: StagedWriter = options.open({
    index: 0,
    pointer: '/input/file',
    mediaType,
    ...named,
  })
  try {
    let length = 0
    for (; chunk !== undefined; chunk = await readChunk(body)) {
      length += chunk.length
      checkLength(length, options.limits.payloadBytes)
      await writer.write(chunk)
    }
    return { text, files: [await writer.finish()] }
  } catch (error) {
    await writer.abort(error)
    throw error
  }
}

function checkLength(actual: number, limit: number): void {
  if (actual <= limit) return
  throw new GatewayError(
    'body_too_large',
    `Cannot take a body of that many bytes: ${limit} allowed`,
    {
      limitName: 'limits.payloadBytes',
      limit,
      actual,
    },
  )
}

function renderRequest({ request, bytes, limits }: StageRawOptions): Uint8Array {
  const object = request.input ?? encoder.encode('{}')
  const checked = checkJson(object, limits, bytes)
  if (!('kind' in checked))
    throw refuse('/input', `Cannot read the rest of "input": ${checked.fault}`)
  if (checked.kind !== 'object') throw refuse('/input', 'Send the rest of "input" as a JSON object')
  const fields: Field[] = [place('file', fileMark(0))]
  if (request.filename !== undefined)
    fields.push(place('filename', JSON.stringify(request.filename)))
  fields.push(place('contentType', JSON.stringify(request.contentType)))
  const input = placeFields(object, fields, ({ name }) =>
    refuse(`/input/${name}`, `Leave "${name}" out of the rest of "input": it describes the body`),
  )
  return encoder.encode(`{"input":${new TextDecoder().decode(input)}}`)
}

function place(name: string, text: string): Field {
  return { name, tokens: [name], append: false, text }
}

function refuse(pointer: string, detail: string): GatewayError {
  return new GatewayError('invalid_request', detail, { pointer })
}
