/** A secret in every form in which it can come back from a worker. */
export function leakForms(secret: string): Record<string, string> {
  const bytes = Buffer.from(secret)
  const forms: Record<string, string> = {
    raw: secret,
    urlEncoded: encodeURIComponent(secret),
    urlEncodedTwice: encodeURIComponent(encodeURIComponent(secret)),
    hex: bytes.toString('hex'),
    upperHex: bytes.toString('hex').toUpperCase(),
  }
  let nested = JSON.stringify({ secret })
  for (const depth of ['Once', 'Twice', 'Thrice']) {
    forms[`jsonEscaped${depth}`] = nested
    nested = JSON.stringify(nested)
  }
  for (const alignment of [0, 1, 2]) {
    const aligned = Buffer.from(`${'~'.repeat(alignment)}${secret}; and more`)
    forms[`base64At${alignment}`] = aligned.toString('base64')
    forms[`base64urlAt${alignment}`] = aligned.toString('base64url')
  }
  return forms
}

/** Every string of a job that is a secret, by its name. */
export function secretsOf(job: Readonly<Record<string, unknown>>): Record<string, string> {
  const secrets: Record<string, string> = {}
  const { s3Config, webhook } = job
  if (typeof s3Config === 'object' && s3Config !== null) {
    for (const [name, value] of Object.entries(s3Config)) {
      if (/access|secret|token/i.test(name) && typeof value === 'string') secrets[name] = value
    }
  }
  if (typeof webhook === 'string') secrets['webhook'] = webhook
  return secrets
}
