import { BACKSLASH, QUOTE } from './characters.ts'
import { EscapeReader, FAULTY, UNFINISHED } from './escape.ts'
import { invalidJson, invalidPayload, type Lift, type LiftState } from './lift.ts'
import { IN_TEXT, PLAIN } from './string-table.ts'
import { Utf8Check } from './utf8.ts'

/** Unescapes a string into its own UTF-8. A lone surrogate, which has none, is `invalid_payload`. */
export class TextLift implements Lift {
  at = 0
  written = 0
  readonly #pointer: string
  readonly #escape = new EscapeReader()
  readonly #utf8 = new Utf8Check()
  readonly #pending = new Uint8Array(4)
  #pendingFrom = 0
  #pendingTo = 0
  #escapeOffset = 0
  #high = 0
  #highOffset = 0
  #room: Uint8Array = new Uint8Array(0)

  constructor(pointer: string) {
    this.#pointer = pointer
  }

  room(target: Uint8Array): void {
    this.#room = target
    this.written = 0
  }

  run(input: Uint8Array, from: number, to: number, base: number): LiftState {
    this.at = from
    for (;;) {
      while (this.#pendingFrom < this.#pendingTo) {
        if (this.written === this.#room.length) return 'full'
        this.#room[this.written++] = this.#pending[this.#pendingFrom++] ?? 0
      }
      if (this.at === to) return 'more'
      if (!this.#escape.active && this.#utf8.missing === 0 && this.#high === 0) {
        const from = this.at
        this.#takePlain(input, to)
        if (this.at > from) continue
        if (this.written === this.#room.length && IN_TEXT[input[from] ?? 0] === PLAIN) return 'full'
      }
      const byte = input[this.at] ?? 0
      const closes = byte === QUOTE && !this.#escape.active
      this.#takeByte(byte, base + this.at)
      this.at++
      if (closes) return 'end'
    }
  }

  /** Copies byte by byte, for runs are short where there are escapes or letters beyond ASCII. */
  #takePlain(input: Uint8Array, to: number): void {
    const room = this.#room
    const end = Math.min(to, this.at + room.length - this.written)
    let { at, written } = this
    while (at < end) {
      const byte = input[at] ?? 0
      if (IN_TEXT[byte] !== PLAIN) break
      room[written++] = byte
      at++
    }
    this.at = at
    this.written = written
  }

  #takeByte(byte: number, offset: number): void {
    if (this.#escape.active) {
      const code = this.#escape.take(byte)
      if (code === FAULTY) throw invalidJson('Invalid escape', offset, this.#pointer)
      if (code !== UNFINISHED) this.#takeUnit(code)
    } else if (this.#utf8.missing > 0 || byte >= 0x80) {
      if (this.#high !== 0) this.#refuseSurrogate(this.#highOffset)
      if (!this.#utf8.take(byte)) throw invalidJson('Invalid UTF-8', offset, this.#pointer)
      this.#emit(byte)
    } else if (byte === BACKSLASH) {
      this.#escape.begin()
      this.#escapeOffset = offset
    } else {
      if (this.#high !== 0) this.#refuseSurrogate(this.#highOffset)
      if (byte < 0x20) throw invalidJson('Control character in a string', offset, this.#pointer)
    }
  }

  #takeUnit(unit: number): void {
    const low = unit >= 0xdc00 && unit <= 0xdfff
    if (this.#high !== 0) {
      if (!low) this.#refuseSurrogate(this.#highOffset)
      this.#emitPoint(0x10000 + ((this.#high - 0xd800) << 10) + (unit - 0xdc00))
      this.#high = 0
    } else if (unit >= 0xd800 && unit <= 0xdbff) {
      this.#high = unit
      this.#highOffset = this.#escapeOffset
    } else {
      if (low) this.#refuseSurrogate(this.#escapeOffset)
      this.#emitPoint(unit)
    }
  }

  #refuseSurrogate(offset: number): never {
    throw invalidPayload('Half a surrogate pair', offset, this.#pointer)
  }

  #emitPoint(point: number): void {
    if (point < 0x80) this.#emit(point)
    else if (point < 0x800) this.#emit(0xc0 | (point >> 6))
    else if (point < 0x10000) this.#emit(0xe0 | (point >> 12))
    else this.#emit(0xf0 | (point >> 18))
    if (point >= 0x10000) this.#emit(0x80 | ((point >> 12) & 0x3f))
    if (point >= 0x800) this.#emit(0x80 | ((point >> 6) & 0x3f))
    if (point >= 0x80) this.#emit(0x80 | (point & 0x3f))
  }

  #emit(byte: number): void {
    if (this.#pendingFrom === this.#pendingTo) {
      if (this.written < this.#room.length) {
        this.#room[this.written++] = byte
        return
      }
      this.#pendingFrom = this.#pendingTo = 0
    }
    this.#pending[this.#pendingTo++] = byte
  }
}
