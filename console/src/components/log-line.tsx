import type { LogLine } from '#contract/model.ts'
import { logTime } from '../lib/times.ts'
import { Ansi } from './ansi.tsx'

export const levelText: Record<LogLine['level'], string> = { debug: 'text-soft', info: '', warn: 'text-amber', error: 'text-red', unknown: '' }
const levelMarks: Record<LogLine['level'], string> = { debug: '·', info: ' ', warn: '▲', error: '✕', unknown: ' ' }

/** One line: time, who, level as a shape, text. */
export function LogLineView({ line, wrap, showApp }: { line: LogLine; wrap: boolean; showApp: boolean }) {
  return (
    <span className={`flex gap-3 ${wrap ? '' : 'whitespace-pre'}`}>
      <time dateTime={line.at} className="shrink-0 text-soft max-sm:hidden">
        {logTime(line.at)}
      </time>
      <span className="w-[13ch] shrink-0 truncate text-soft max-sm:w-[8ch]">
        {showApp ? `${line.app}/` : ''}
        {line.instance}
      </span>
      <span aria-hidden="true" className={`w-[1ch] shrink-0 ${levelText[line.level]}`}>
        {levelMarks[line.level]}
      </span>
      <span className={`min-w-0 ${wrap ? 'break-all whitespace-pre-wrap' : ''} ${levelText[line.level]}`}>
        {line.level === 'error' || line.level === 'warn' ? <span className="sr-only">{line.level}: </span> : null}
        <Ansi text={line.text} />
      </span>
    </span>
  )
}
