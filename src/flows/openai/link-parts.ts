import { type Edit, renderResidue } from '../../json/render.ts'
import { elementsAt, type Member, membersAt, type Span, stringAt } from '../../json/walk.ts'

/** Places where a link cannot stand by itself, because the API has another member for links. */
const namedPlace =
  /^\/messages\/\d+\/content\/\d+\/input_audio\/data$|^\/input\/\d+\/content\/\d+\/file_data$/

/** Whether a link at this JSON Pointer needs `linkParts`. */
export function needsLinkPart(pointer: string): boolean {
  return namedPlace.test(pointer)
}

/**
 * Names links as the API does. A chat's `input_audio` is base64 and nothing else, so such a part
 * becomes an `audio_url`, which vLLM fetches; a response's `file_data` becomes a `file_url`.
 *
 * `links` holds the JSON texts of the links in `request`; all else stays byte for byte.
 */
export function linkParts(
  request: Uint8Array<ArrayBuffer>,
  links: ReadonlySet<string>,
): Uint8Array<ArrayBuffer> {
  const edits: Edit[] = []
  for (const part of partsOf(request, 'messages')) edits.push(...audioEdits(request, part, links))
  for (const part of partsOf(request, 'input')) edits.push(...fileEdits(request, part, links))
  return edits.length === 0 ? request : renderResidue({ bytes: request, payloads: [] }, [], edits)
}

/** The parts of every message's content. */
function* partsOf(json: Uint8Array, list: string): Generator<Span> {
  for (const messages of named(membersAt(json, startOf(json)), list)) {
    for (const message of elementsAt(json, messages.value.start)) {
      for (const content of named(membersAt(json, message.start), 'content')) {
        yield* elementsAt(json, content.value.start)
      }
    }
  }
}

function audioEdits(json: Uint8Array, part: Span, links: ReadonlySet<string>): Edit[] {
  const audio = lastOf(json, part, 'input_audio')
  const value = audio && lastOf(json, audio.value, 'data')?.value
  const link = value && textOf(json, value)
  if (audio === undefined || link === undefined || !links.has(link)) return []
  const edits: Edit[] = [
    { ...audio.key, text: '"audio_url"' },
    { ...audio.value, text: `{"url":${link}}` },
  ]
  const type = lastOf(json, part, 'type')?.value
  if (type !== undefined && stringAt(json, type) === 'input_audio') {
    edits.push({ ...type, text: '"audio_url"' })
  }
  return edits
}

function fileEdits(json: Uint8Array, part: Span, links: ReadonlySet<string>): Edit[] {
  const file = lastOf(json, part, 'file_data')
  if (file === undefined || !links.has(textOf(json, file.value))) return []
  return [{ ...file.key, text: '"file_url"' }]
}

/** The member that counts where a name is repeated; a part may have a million of them. */
function lastOf(json: Uint8Array, object: Span, name: string): Member | undefined {
  let last: Member | undefined
  for (const member of named(membersAt(json, object.start), name)) last = member
  return last
}

function* named(members: Iterable<Member>, name: string): Generator<Member> {
  for (const member of members) if (member.name === name) yield member
}

function startOf(json: Uint8Array): number {
  return json.findIndex((byte) => byte > 0x20)
}

const decoder = new TextDecoder()

function textOf(json: Uint8Array, { start, end }: Span): string {
  return decoder.decode(json.subarray(start, end))
}
