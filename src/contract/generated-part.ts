/** A page that is written by hand but for parts between two comments, which are made by `npm run generate`. */

/** The page with the part of this name replaced. Throws when the page has no such part. */
export function withGeneratedPart(page: string, name: string, content: string): string {
  const [begin, end] = [`<!-- generated: ${name} (npm run generate) -->\n`, `\n<!-- end of ${name} -->`]
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  if (from === -1 || to === -1) throw new Error(`the page has no part "${name}" (between ${JSON.stringify(begin)} and ${JSON.stringify(end)})`)
  return `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`
}
