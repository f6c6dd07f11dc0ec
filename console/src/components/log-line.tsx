import type { LogLine } from '#contract/model.ts'
import { logTime } from '../lib/times.ts'
import { Ansi, plainText } from './ansi.tsx'

const levelText: Record<LogLine['level'], string> = { debug: 'text-soft', info: '', warn: 'text-amber', error: 'text-red', unknown: '' }
const levelMarks: Record<LogLine['level'], string> = { debug: '·', info: ' ', warn: '▲', error: '✕', unknown: ' ' }

/** One line: time, who, level as a shape, text. */
export function LogLineView({ line, wrap, showApp, query }: { line: LogLine; wrap: boolean; showApp: boolean; query?: string | undefined }) {
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
        {query === undefined ? <Ansi text={line.text} /> : <Found text={plainText(line.text)} query={query} />}
      </span>
    </span>
  )
}

/** The text with what was searched for marked. */
function Found({ text, query }: { text: string; query: string }) {
  const at = text.toLowerCase().indexOf(query.toLowerCase())
  if (at === -1) return text
  return (
    <>
      {text.slice(0, at)}
      <mark className="rounded-[2px] bg-accent text-on-accent">{text.slice(at, at + query.length)}</mark>
      <Found text={text.slice(at + query.length)} query={query} />
    </>
  )
}
