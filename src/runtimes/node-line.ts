import type { OutgoingMessage } from 'node:http'
import { holdChunk } from './node-chunk.ts'

/**
 * The sending side of one HTTP message: one listener each for all its chunks. `onGone` is called
 * when the connection closes before `release`.
 */
export class NodeLine {
  readonly #outgoing: OutgoingMessage
  readonly #onGone: () => void
  #wake: (() => void) | undefined
  #unsent = 0

  constructor(outgoing: OutgoingMessage, onGone: () => void) {
    this.#outgoing = outgoing
    this.#onGone = onGone
    outgoing.on('close', this.#gone)
  }

  /** Writes, and resolves when the chunk's memory may be used again, or the connection is gone. */
  async send(chunk: Uint8Array): Promise<void> {
    const outgoing = this.#outgoing
    if (outgoing.destroyed) return
    // Who asks for the next one too early must not have this one freed under the socket.
    const letGo = holdChunk(chunk)
    this.#unsent++
    outgoing.write(chunk, this.#left)
    // Mostly the kernel takes all of it at once, and its callback need not be waited for. What is
    // written to a socket that is gone vanishes, and its callback never comes.
    const isWaiting = () => outgoing.writableLength > 0 || outgoing.socket?.destroyed === true
    while (this.#unsent > 0 && isWaiting() && !outgoing.destroyed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    letGo()
  }

  /** Lets go of the message, which goes on living by itself. */
  release(): void {
    this.#outgoing.off('close', this.#gone)
  }

  readonly #left = (): void => {
    this.#unsent--
    if (this.#unsent === 0) this.#awaken()
  }

  readonly #gone = (): void => {
    this.#onGone()
    this.#awaken()
  }

  #awaken(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
