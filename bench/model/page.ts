/** Puts the tables into a page, each between its markers. */

function markers(name: string): { readonly begin: string; readonly end: string } {
  return { begin: `<!-- model:${name} -->`, end: `<!-- /model:${name} -->` }
}

/**
 * The page with every table in its place.
 * @throws {Error} where the page lacks the markers of a table
 */
export function fillPage(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, content]) => {
    const { begin, end } = markers(name)
    const from = text.indexOf(begin)
    const to = text.indexOf(end)
    if (from < 0 || to < from) throw new Error(`The page has no place for the table "${name}"`)
    return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`
  }, page)
}
