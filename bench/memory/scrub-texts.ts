/** Secrets and texts for measuring the scrubber: the same on every run. */
import { Secret } from '../../src/log.ts'

/** Uniform numbers from a seed, so that every run reads the same text. */
export function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const base64Alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function letters(next: (below: number) => number, alphabet: string, length: number): string {
  let out = ''
  for (let i = 0; i < length; i++) out += alphabet.charAt(next(alphabet.length))
  return out
}

/**
 * Secrets as grants hold them, in equal parts: access ids, access secrets, API keys, sealed tokens
 * and presigned URLs; 20 to 1,200 bytes.
 */
export function secretTexts(count: number): string[] {
  const next = random(11)
  const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const word = base64Alphabet.slice(0, 62)
  const kinds = [
    () => `BW1${letters(next, upper, 18)}`,
    () => letters(next, base64Alphabet, 40),
    () => `rpa_${letters(next, word, 42)}`,
    () => `k1.${letters(next, `${word}-_`, 90)}`,
    () =>
      `https://files.example/b/${letters(next, word, 30)}?X-Amz-Credential=AKIA&t=${letters(next, base64Alphabet, 60 + next(1000))}&X-Amz-Signature=${letters(next, '0123456789abcdef', 64)}`,
  ]
  return Array.from({ length: count }, (_, i) => kinds[i % kinds.length]?.() ?? '')
}

export function secretsOf(texts: readonly string[]): { kind: string; value: Secret }[] {
  return texts.map((text, i) => ({ kind: `secret ${i}`, value: new Secret(text) }))
}

export const anchors = {
  shapes: ['aws-error', 'aws-secret', 'runpod-key', 'gateway-key'] as const,
  bases: ['https://gateway.example/s3', 'https://gateway.example/webhooks'],
  signedHosts: ['gateway.example', 'store.example:9000/bulkway'],
}

const words =
  'the worker wrote its result after a queue of tasks had been taken from the platform and each was run on a device with enough memory for its model so that no caller had to wait'.split(
    ' ',
  )

function repeated(bytes: number, one: () => string): Buffer {
  const out = Buffer.alloc(bytes)
  let at = 0
  while (at < bytes) {
    const part = Buffer.from(one(), 'latin1')
    out.set(part.subarray(0, bytes - at), at)
    at += part.length
  }
  return out
}

function sentence(next: (below: number) => number, count: number): string {
  let out = ''
  for (let i = 0; i < count; i++) out += `${i > 0 ? ' ' : ''}${words[next(words.length)]}`
  return out
}

/** A JSON array of records, each with two sentences and a few scalars. */
export function plainJson(bytes: number): Buffer {
  const next = random(3)
  let first = true
  return repeated(bytes, () => {
    const record = {
      index: next(1e6),
      text: sentence(next, 40),
      note: sentence(next, 12),
      ok: true,
    }
    const out = `${first ? '[' : ','}${JSON.stringify(record)}`
    first = false
    return out
  })
}

/** A JSON array of records of short keys, numbers and words. */
export function smallValues(bytes: number): Buffer {
  const next = random(5)
  let first = true
  return repeated(bytes, () => {
    const box = [next(640), next(480), next(640), next(480)]
    const record = {
      index: next(1e6),
      label: words[next(words.length)],
      score: next(1e4) / 1e4,
      box,
    }
    const out = `${first ? '[' : ','}${JSON.stringify(record)}`
    first = false
    return out
  })
}

/** A JSON array of one base64 string. */
export function base64Text(bytes: number): Buffer {
  const next = random(9)
  let first = true
  return repeated(bytes, () => {
    const out = `${first ? '["' : ''}${letters(next, base64Alphabet, 4096)}`
    first = false
    return out
  })
}

/** Plain JSON with one of the secrets in every `every` bytes. */
export function manyHits(bytes: number, secrets: readonly string[], every: number): Buffer {
  const out = plainJson(bytes)
  const short = secrets.filter((secret) => secret.length < every / 2)
  for (let at = every; at + every <= bytes; at += every) {
    const secret = short[(at / every) % short.length] ?? ''
    out.set(Buffer.from(secret, 'latin1'), at)
  }
  return out
}

/** Nothing but pieces of the secrets, each cut off before a secret is whole: every probe collides. */
export function hostile(bytes: number, secrets: readonly string[]): Buffer {
  const next = random(13)
  return repeated(bytes, () => {
    const secret = secrets[next(secrets.length)] ?? ''
    const from = next(4)
    return secret.slice(from, from + 4 + next(Math.min(secret.length - 1, 60) - 4))
  })
}

/** Four bytes of one secret over and over. */
export function repeatedGram(bytes: number, secret: string): Buffer {
  const gram = secret.slice(8, 12)
  return repeated(bytes, () => gram.repeat(1024))
}
