/** Replaces every occurrence of every pattern, overlapping ones too, by as many `*`. */
export function mask(text: string, patterns: readonly string[]): string {
  const masked = Array.from(text)
  for (const pattern of patterns) {
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
      masked.fill('*', at, at + pattern.length)
    }
  }
  return masked.join('')
}
