/** What an answer must hold: plain text, or a regular expression between slashes (`#base/pattern.ts`). */
import { StringDecoder } from 'node:string_decoder'
import { patternOf } from '#base/pattern.ts'
import { scanRegex } from '#base/regex.ts'

/** A pattern looks at so much at a time, and then lets others have their turn. */
const sliceUnits = 512
const turnMs = 10

/** A search of an answer that comes bit by bit; what was looked at is not looked at again. */
export type Search = {
  /** Whether the pattern stands in what has come so far, as if that were all. */
  more(text: string): Promise<boolean>
}

/** Throws for a pattern that is none. Ends with the signal. */
export function searchFor(pattern: string, signal: AbortSignal): Search {
  const wanted = patternOf(pattern)
  if (typeof wanted === 'string') {
    let kept = ''
    return {
      async more(text) {
        const known = kept + text
        if (known.includes(wanted)) return true
        kept = wanted.length > 1 ? known.slice(1 - wanted.length) : ''
        return false
      },
    }
  }
  const scan = scanRegex(wanted)
  return {
    async more(text) {
      let since = performance.now()
      for (let at = 0; at < text.length; at += sliceUnits) {
        if (scan.feed(text, at, at + sliceUnits)) return true
        if (performance.now() - since < turnMs) continue
        await new Promise((resolve) => setImmediate(resolve))
        signal.throwIfAborted()
        since = performance.now()
      }
      return scan.atEnd()
    },
  }
}

/** Whether the pattern stands in the text. Linear in the text, whatever the pattern, and never in the way for long. */
export function matches(text: string, pattern: string, signal: AbortSignal): Promise<boolean> {
  return searchFor(pattern, signal).more(text)
}

/** Of bytes that come: text as far as it is complete. */
export function textOf(): (data: Buffer) => string {
  const decoder = new StringDecoder('utf8')
  return (data) => decoder.write(data)
}

/** One line for a person: no control characters, bounded. */
export function brief(text: string, max = 200): string {
  const flat = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim()
  return (flat.length > max ? `${flat.slice(0, max)}…` : flat).toWellFormed()
}
