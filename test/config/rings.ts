import { createKeyring, type Keyring } from '../../src/config/keyring.ts'
import { Secret } from '../../src/log.ts'

/** A keyring of made-up keys, one for each kid; the same kid has the same key every time. */
export function ringOf(...kids: string[]): Keyring {
  return createKeyring(
    kids.map((kid) => ({
      kid,
      key: new Secret(Buffer.alloc(32, kid).toString('base64')),
    })),
  )
}

/** Every text that differs from `text` in one base64url character. */
export function* alterationsOf(text: string): Generator<string> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < text.length; at++) {
    const value = alphabet.indexOf(text[at] ?? '')
    // One bit and all bits: enough to meet every byte and the unused bits at the end.
    for (const other of [value ^ 1, value ^ 63]) {
      yield text.slice(0, at) + alphabet[other] + text.slice(at + 1)
    }
    yield text.slice(0, at) + text.slice(at + 1)
  }
}
