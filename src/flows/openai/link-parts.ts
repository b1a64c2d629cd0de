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
  const members = [...membersAt(json, part.start)]
  const edits: Edit[] = []
  for (const { key, value } of named(members, 'input_audio')) {
    const values = [...named(membersAt(json, value.start), 'data')].map((data) =>
      textOf(json, data.value),
    )
    const link = values.at(-1)
    if (link === undefined || !links.has(link)) continue
    edits.push({ ...key, text: '"audio_url"' }, { ...value, text: `{"url":${link}}` })
  }
  if (edits.length === 0) return edits
  for (const { value } of named(members, 'type')) {
    if (stringAt(json, value) === 'input_audio') edits.push({ ...value, text: '"audio_url"' })
  }
  return edits
}

function fileEdits(json: Uint8Array, part: Span, links: ReadonlySet<string>): Edit[] {
  const files = named(membersAt(json, part.start), 'file_data')
  return [...files]
    .filter(({ value }) => links.has(textOf(json, value)))
    .map(({ key }) => ({ ...key, text: '"file_url"' }))
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
