import { Gathered } from '../bytes/gathered.ts'
import { GatewayError } from '../errors.ts'
import { escapeToken } from '../json/pointer.ts'
import type { FormLimits } from '../multipart/form-limits.ts'
import { FormParser, type FormPart } from '../multipart/form-parser.ts'
import type { BytePrimitives } from '../platform.ts'
import type { StagedObject, StagedWriter } from '../store/staged-writer.ts'
import type { JsonLimits } from './check-json.ts'
import { readFieldName } from './field-name.ts'
import { createFormText, formMembers, refuseField } from './form-text.ts'
import { readChunk } from './stage-json.ts'
import type { ArrivingFile, FileStaging, StagedFiles } from './staged-file.ts'

export interface StageFormOptions extends FileStaging {
  /** The request body, read to its end unless something fails. */
  readonly body: { read(): Promise<Uint8Array | undefined> }
  readonly boundary: string
  readonly bytes: BytePrimitives
  readonly limits: FormLimits & JsonLimits
  /** Bytes of all names, and of all fields that are no files: both are held. */
  readonly textMaxBytes: number
}

/**
 * Walks a form once: files go to the store while they arrive, the request comes back as JSON. The
 * field `input` is its `input`, `webhook`, `policy` and `s3Config` are members of the request itself,
 * all others lie below `input` where their names say. Files are fields with a file name or a type
 * other than text/plain and application/json; one without name and bytes is a browser's empty field.
 *
 * @throws {GatewayError} invalid_form, body_too_large (without a limit's name where it is
 *   `textMaxBytes`), client_gone, whatever the store or `beforeStaging` throws; nothing stays in the
 *   store then.
 */
export async function stageForm(options: StageFormOptions): Promise<StagedFiles> {
  const { body, limits } = options
  const parser = new FormParser(options)
  const text = createFormText(options)
  const files: StagedObject[] = []
  const held = new Gathered()
  let file: ArrivingFile | undefined
  let writer: StagedWriter | undefined
  let textBytes = 0
  let proven = false

  async function open(): Promise<StagedWriter | undefined> {
    if (file === undefined || writer !== undefined) return writer
    if (!proven) await options.beforeStaging()
    proven = true
    writer = options.open(file)
    return writer
  }

  function count(bytes: number): void {
    textBytes += bytes
    if (textBytes > options.textMaxBytes) throw tooMuchText(options.textMaxBytes, textBytes)
  }

  async function begin(part: FormPart): Promise<void> {
    count(part.name.length)
    if (!isFile(part)) return
    file = describeFile(part, files.length)
    if (part.filename !== '') await open()
  }

  async function take(bytes: Uint8Array): Promise<void> {
    const to = await open()
    if (to !== undefined) {
      await to.write(bytes)
      return
    }
    count(bytes.length)
    held.append(bytes)
  }

  async function finish(part: FormPart): Promise<void> {
    if (file === undefined) text.addField(part, held.take())
    else if (writer !== undefined) {
      text.addFile(part, file.index)
      files.push(await writer.finish())
    }
    file = undefined
    writer = undefined
  }

  try {
    for (;;) {
      const chunk = await readChunk(body)
      if (chunk === undefined) break
      parser.push(chunk)
      for (let event = parser.step(); event.kind !== 'more'; event = parser.step()) {
        if (event.kind === 'part') await begin(event.part)
        else if (event.kind === 'bytes') await take(event.bytes)
        else await finish(event.part)
      }
    }
    parser.end()
    return { text: text.render(limits), files }
  } catch (error) {
    await writer?.abort(error)
    // What cannot be removed now is the sweep's; the client must hear of the first fault.
    await Promise.allSettled(files.map((object) => options.discard(object)))
    throw error
  }
}

function isFile({ name, filename, contentType }: FormPart): boolean {
  // A Blob in a browser's form always has a file name.
  if (formMembers.has(name)) return false
  if (filename !== undefined) return true
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? 'text/plain'
  return type !== 'text/plain' && type !== 'application/json'
}

function describeFile(part: FormPart, index: number): ArrivingFile {
  const place = readFieldName(part.name)
  if (typeof place === 'string') throw refuseField(part, place)
  const { filename, contentType: mediaType } = part
  return {
    index,
    pointer: ['/input', ...place.tokens.map(escapeToken)].join('/'),
    ...(filename === undefined || filename === '' ? {} : { filename }),
    ...(mediaType === undefined ? {} : { mediaType }),
  }
}

function tooMuchText(limit: number, actual: number): GatewayError {
  return new GatewayError(
    'body_too_large',
    `Cannot take more than ${limit} bytes in names and in fields that are no files: send large ones as files`,
    { limit, actual },
  )
}
