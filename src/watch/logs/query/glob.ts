/** Matching texts with `*` between their pieces. Linear, because each piece is taken where it comes first. Texts are folded. */
import type { Glob } from './ast.ts'

/** The whole of a text. */
export function matchesGlob(glob: Glob, text: string): boolean {
  const first = glob[0] as string
  if (glob.length === 1) return text === first
  const last = glob.at(-1) as string
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  const end = text.length - last.length
  for (const piece of glob.slice(1, -1)) {
    const found = text.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}

/** Whether the pieces stand somewhere in a text, in their order. */
export function holdsGlob(glob: Glob, text: string): boolean {
  let at = 0
  for (const piece of glob) {
    const found = text.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return true
}
