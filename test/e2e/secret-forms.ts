/**
 * The forms in which a secret can come back, found independently of the gateway's own scrubber.
 * Base64 is looked for in its three alignments, without the characters that its neighbours change.
 */
export function secretForms(secret: string): { name: string; text: string }[] {
  const bytes = Buffer.from(secret)
  const forms = [
    { name: 'raw', text: secret },
    { name: 'URL-encoded', text: encodeURIComponent(secret) },
    { name: 'URL-encoded twice', text: encodeURIComponent(encodeURIComponent(secret)) },
    { name: 'hex', text: bytes.toString('hex') },
    { name: 'upper-case hex', text: bytes.toString('hex').toUpperCase() },
  ]
  let escaped = secret
  for (const depth of [1, 2, 3]) {
    escaped = JSON.stringify(escaped).slice(1, -1)
    forms.push({ name: `JSON-escaped ${depth} deep`, text: escaped })
  }
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes])
    const whole = shifted.toString('base64').replace(/=+$/, '')
    // The first characters hold the shift's bits, the last one those of what follows.
    const from = shift === 0 ? 0 : shift + 1
    const inner = whole.slice(from, shifted.length % 3 === 0 ? undefined : -1)
    forms.push({ name: `base64 shifted ${shift}`, text: inner })
    const url = inner.replaceAll('+', '-').replaceAll('/', '_')
    forms.push({ name: `base64url shifted ${shift}`, text: url })
    forms.push({
      name: `base64 shifted ${shift}, slashes escaped`,
      text: inner.replaceAll('/', '\\/'),
    })
  }
  return forms.filter((form, i) => forms.findIndex(({ text }) => text === form.text) === i)
}

/** Where `secrets` stand in `text`: a list for the test to compare with `[]`, itself without secrets. */
export function secretsIn(text: string, secrets: Readonly<Record<string, string>>): string[] {
  const found: string[] = []
  for (const [kind, secret] of Object.entries(secrets)) {
    for (const form of secretForms(secret)) {
      const at = text.indexOf(form.text)
      if (at >= 0) found.push(`${kind}, ${form.name}, at ${at}`)
    }
  }
  return found
}
