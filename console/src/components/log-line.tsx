import type { LogLine } from '#contract/model.ts'
import { readable } from '#contract/log-text.ts'
import { markedParts } from '../lib/log-search.ts'
import { logTime } from '../lib/times.ts'
import { Ansi, plainText } from './ansi.tsx'

const levelText: Record<LogLine['level'], string> = { debug: 'text-soft', info: '', warn: 'text-amber', error: 'text-red', unknown: '' }
const levelMarks: Record<LogLine['level'], string> = { debug: '·', info: ' ', warn: '▲', error: '✕', unknown: ' ' }

/** One line: time, who, level as a shape, text. */
export function LogLineView({ line, wrap, showApp, words = [] }: { line: LogLine; wrap: boolean; showApp: boolean; words?: readonly string[] }) {
  const read = readable(line)
  const said = wrap || !read.text.includes('\n') ? read : { ...read, text: read.text.replaceAll('\n', ' ↵ ') }
  return (
    <span className={`flex gap-x-3 ${wrap ? 'max-sm:flex-wrap' : 'whitespace-pre'}`}>
      <time dateTime={line.at} className={`shrink-0 text-soft ${wrap ? 'max-sm:text-[11.5px]' : 'max-sm:hidden'}`}>
        {logTime(line.at)}
      </time>
      <span className={`shrink-0 truncate text-soft ${showApp ? 'w-[19ch]' : 'w-[11ch]'} ${wrap ? 'max-sm:w-auto max-sm:text-[11.5px]' : 'max-sm:w-[9ch]'}`}>
        {showApp ? `${line.app}/` : ''}
        {line.instance}
      </span>
      <span aria-hidden="true" className={`w-[1ch] shrink-0 ${levelText[line.level]}`}>
        {levelMarks[line.level]}
      </span>
      <span className={`min-w-0 ${wrap ? 'break-all whitespace-pre-wrap max-sm:basis-full' : ''} ${levelText[line.level]}`}>
        {line.level === 'error' || line.level === 'warn' ? <span className="sr-only">{line.level}: </span> : null}
        {words.length === 0 ? <Ansi text={said.text} /> : <Found text={plainText(said.text)} words={words} />}
        {said.fields.length === 0 ? null : (
          <span className="text-soft">
            <Found text={said.fields.map(([name, value]) => ` ${name}=${plainText(value)}`).join('')} words={words} />
          </span>
        )}
      </span>
    </span>
  )
}

/** The text with what was searched for marked. */
function Found({ text, words }: { text: string; words: readonly string[] }) {
  if (words.length === 0) return text
  return markedParts(text, words).map((part, at) =>
    part.marked ? (
      <mark key={at} className="rounded-[2px] bg-accent text-on-accent">
        {part.text}
      </mark>
    ) : (
      part.text
    ),
  )
}
