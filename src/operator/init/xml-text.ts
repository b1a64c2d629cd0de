/**
 * Elements of one name, each as it was written: what others have set is given back as it came, whatever
 * is in it. Such elements hold none of their own name.
 */
export function pieces(xml: string, name: string): string[] {
  return xml.match(new RegExp(`<${name}(?:\\s[^>]*)?>[\\s\\S]*?</${name}>`, 'g')) ?? []
}

/** Text of the first element of a name; undefined where there is none. */
export function memberOf(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`).exec(xml) ?? []
  return text?.trim().replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

/** Texts of all elements of a name. */
export function membersOf(xml: string, name: string): string[] {
  return pieces(xml, name).map((piece) => memberOf(piece, name) ?? '')
}

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
