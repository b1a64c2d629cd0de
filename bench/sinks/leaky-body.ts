import { plainJson, random, secretTexts } from '../memory/scrub-texts.ts'

/**
 * The giant answer of the bench: a job's status whose output is one block over and over. Half of a
 * block is one base64 string, half records of prose; a secret stands in each half.
 */

/** What must not come back: access ids and secrets, keys, tokens, URLs; 20 to 1,200 bytes. */
export const secrets: readonly string[] = secretTexts(64)

/** Bytes of one block; two secrets in each make 1,024 in 512 MiB. */
export const blockBytes = 1024 * 1024

const head = '{"delayTime":5,"id":"j1","status":"IN_PROGRESS","output":['
const tail = 'null]}'

/** Bytes of an answer of so many blocks. */
export function lengthOf(blocks: number): number {
  return head.length + blocks * blockBytes + tail.length
}

/** The pieces of an answer, as upstream sends it or as the client must get it. */
export function* piecesOf(blocks: number, as: 'sent' | 'scrubbed'): Generator<Buffer> {
  yield Buffer.from(head)
  const block = Buffer.from(as === 'sent' ? sent : scrubbed, 'latin1')
  for (let i = 0; i < blocks; i++) yield block
  yield Buffer.from(tail)
}

const raw = secrets[2] ?? ''
/** 21 bytes: where a file's offset is a multiple of 3, its base64 text holds exactly this one's. */
const coded = secrets[0] ?? ''
const sent = makeBlock()
const scrubbed = [raw, btoa(coded)].reduce(
  (text, form) => text.replaceAll(form, '*'.repeat(form.length)),
  sent,
)

function makeBlock(): string {
  const next = random(17)
  const file = Buffer.from(Array.from({ length: (blockBytes / 8) * 3 }, () => next(256)))
  file.write(coded, 99_999, 'latin1')
  const records = plainJson(blockBytes / 2 - 2048).toString('latin1')
  const whole = records.slice(1, records.lastIndexOf('}') + 1)
  const block = `"${file.toString('base64')}",${whole},{"log":"login with ${raw}: refused"},`
  return block.padEnd(blockBytes)
}
