/**
 * Decodes a JSON array of Latin-1 texts from standard input with the engine's own base64 method and
 * prints an array of hex or null. A program of its own, because Node 24 needs a flag to have it.
 */
import { text } from 'node:stream/consumers'
import { createBytePrimitives } from '../../src/runtimes/byte-primitives.ts'
import { decodeText } from './decode-text.ts'

type FromBase64 = (text: string, options: object) => Uint8Array

const fromBase64: unknown = Reflect.get(Uint8Array, 'fromBase64')
if (!('setFromBase64' in Uint8Array.prototype) && typeof fromBase64 === 'function') {
  Object.defineProperty(Uint8Array.prototype, 'setFromBase64', {
    value(this: Uint8Array, ...given: Parameters<FromBase64>) {
      const decoded: Uint8Array = Reflect.apply(fromBase64, Uint8Array, given)
      this.set(decoded)
      return { read: given[0].length, written: decoded.length }
    },
  })
}

const bytes = createBytePrimitives({ decoder: 'native' })
const texts: string[] = JSON.parse(await text(process.stdin))
process.stdout.write(JSON.stringify(texts.map((each) => decodeText(bytes, each))))
