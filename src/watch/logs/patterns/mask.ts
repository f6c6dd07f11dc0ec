/** What differs between lines that say the same, as placeholders: numbers, ids, addresses, times, quoted texts. Pure, linear. */

const maxLength = 400
const colour = /\x1b\[[0-9;]*m/g

/** In one pass, the longer forms first. No part can match a text in more than one way. */
const varying =
  /"[^"]*"|'[^'\s]*'|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?\b|\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)[0-9a-f]{6,}\b|\d+(?:[.,:]\d+)*/gi

export function masked(text: string): string {
  const head = text.length > maxLength ? text.slice(0, maxLength) : text
  return head.replaceAll(colour, '').replaceAll(varying, placeholder)
}

function placeholder(found: string): string {
  const first = found[0] as string
  if (first === '"' || first === "'") return '<text>'
  if (/^\d{4}-\d\d-\d\d/.test(found)) return '<time>'
  if (/^\d{1,3}(\.\d{1,3}){3}/.test(found)) return '<ip>'
  if (found.length === 36 && found[8] === '-') return '<id>'
  return /^\d+(?:[.,:]\d+)*$/.test(found) && !/^\d{12,}$/.test(found) ? '<n>' : '<id>'
}
