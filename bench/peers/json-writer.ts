/** Writes JSON value by value, setting the commas itself. */
export class JsonWriter {
  #text = ''
  #needsComma = false

  get text(): string {
    return this.#text
  }

  open(bracket: '{' | '['): void {
    this.#comma()
    this.#text += bracket
    this.#needsComma = false
  }

  close(bracket: '}' | ']'): void {
    this.#text += bracket
    this.#needsComma = true
  }

  key(name: string): void {
    this.#comma()
    this.#text += `${JSON.stringify(name)}:`
    this.#needsComma = false
  }

  /** `text` is JSON. */
  value(text: string): void {
    this.#comma()
    this.#text += text
    this.#needsComma = true
  }

  #comma(): void {
    if (this.#needsComma) this.#text += ','
  }
}
