// A quote behind a backslash is a character of the value, unless the value ends there: browsers
// leave backslashes alone, so a name may end in one.
const quotedForm = /"((?:[^"\\]|\\(?!")|\\"(?!\s*(?:$|;\s*[\w!#$&+.^`|~-]+\*?\s*=)))*\\?)"/y
const separatorForm = /[\s;]*/y
const nameForm = /([\w!#$%&'+.^`|~-]+\*?)\s*=\s*/y
const tokenForm = /[^\s;"]+/y

/**
 * The parameters of a header value such as `form-data; name="a"`, by lower-case name, quoted ones
 * without their quotes; undefined when the text is malformed or names a parameter twice.
 */
export function readParameters(text: string): Map<string, string> | undefined {
  const parameters = new Map<string, string>()
  const begin = text.indexOf(';')
  let at = begin < 0 ? text.length : begin
  for (;;) {
    const separator = take(separatorForm)?.[0] ?? ''
    if (at === text.length) return parameters
    const name = take(nameForm)?.[1]?.toLowerCase()
    const value = take(quotedForm)?.[1] ?? take(tokenForm)?.[0]
    if (!separator.includes(';') || name === undefined || value === undefined) return undefined
    if (parameters.has(name)) return undefined
    parameters.set(name, value)
  }

  function take(form: RegExp): RegExpExecArray | undefined {
    form.lastIndex = at
    const match = form.exec(text)
    if (match === null) return undefined
    at = form.lastIndex
    return match
  }
}

/**
 * The value of an extended parameter (`UTF-8'en'%e2%82%ac`, RFC 5987); undefined when it is none.
 */
export function readExtended(text: string): string | undefined {
  const [, charset = '', escaped = ''] =
    /^(utf-8|iso-8859-1)'[\w-]*'((?:%[0-9a-f]{2}|[\w!#$&+.^`|~-])*)$/i.exec(text) ?? []
  if (charset === '') return undefined
  if (charset.toLowerCase() !== 'utf-8') {
    return escaped.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  try {
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}
