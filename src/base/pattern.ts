/** What a person writes to be looked for: plain text, or a regular expression between slashes with the flags i, m and s. */
import { messageOf } from './errors.ts'
import { type RegexTest, compileRegex } from './regex.ts'

/** Plain text comes back as it is. The flag u changes nothing: the grammar of `regex.ts` is the same with it. */
export function patternOf(text: string): string | RegexTest {
  const [, source, flags = ''] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? []
  return source === undefined ? text : { source, ignoreCase: flags.includes('i'), multiline: flags.includes('m'), dotAll: flags.includes('s') }
}

/** What is wrong with it, and the way out; null = nothing. */
export function patternFault(text: string): string | null {
  const pattern = patternOf(text)
  if (typeof pattern === 'string') return null
  try {
    compileRegex(pattern)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
