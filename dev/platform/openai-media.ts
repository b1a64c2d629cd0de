import { createHash } from 'node:crypto'
import { BadBody } from './exchange.ts'
import { asObject } from './job.ts'

/** One file that a prompt brought, as the model would see it. */
export interface SeenMedia {
  readonly part: string
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
}

/** Parts of a chat's message and where their file is, as vLLM reads them. */
const links: Readonly<Record<string, (part: Record<string, unknown>) => unknown>> = {
  image_url: (part) => asObject(part['image_url'])?.['url'],
  video_url: (part) => asObject(part['video_url'])?.['url'],
  audio_url: (part) => asObject(part['audio_url'])?.['url'],
  // vLLM puts `data:audio/{format};base64,` before it, so a link is none.
  input_audio(part) {
    const audio = asObject(part['input_audio'])
    return `data:audio/${audio?.['format']};base64,${audio?.['data']}`
  },
  file: (part) => asObject(part['file'])?.['file_data'],
  input_image: (part) => part['image_url'],
  input_file: (part) => part['file_url'] ?? part['file_data'],
}

/** The text of a chat's messages or a response's input, and all files in it, fetched. */
export async function readPrompt(
  messages: unknown,
): Promise<{ text: string; media: readonly SeenMedia[] }> {
  const texts: string[] = []
  const media: SeenMedia[] = []
  for (const message of Array.isArray(messages) ? messages : [{ content: messages }]) {
    const content = asObject(message)?.['content']
    for (const item of Array.isArray(content) ? content : [{ type: 'text', text: content }]) {
      const part = asObject(item) ?? {}
      const type = `${part['type']}`
      if (type === 'text' || type === 'input_text') texts.push(`${part['text']}`)
      else media.push(await see(type, part))
    }
  }
  return { text: texts.join(' '), media }
}

async function see(type: string, part: Record<string, unknown>): Promise<SeenMedia> {
  const link = Object.hasOwn(links, type) ? links[type]?.(part) : undefined
  if (typeof link !== 'string') throw new BadBody(`cannot read a part of type ${type}`)
  const file = link.startsWith('data:') ? decode(link) : await download(link)
  const sha256 = createHash('sha256').update(file).digest('hex')
  return { part: type, bytes: file.length, sha256 }
}

function decode(uri: string): Buffer {
  const text = /^data:[^,]*;base64,([A-Za-z0-9+/]+={0,2})$/.exec(uri)?.[1]
  if (text === undefined || text.length % 4 !== 0) throw new BadBody('not base64')
  return Buffer.from(text, 'base64')
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url).catch((error: unknown) => {
    throw new BadBody(`cannot fetch a file: ${error}`)
  })
  if (!response.ok) throw new BadBody(`cannot fetch a file: ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
