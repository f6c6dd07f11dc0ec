import type { LogLine } from '#contract/model.ts'
import { LogLineView } from './log-line.tsx'

/** A few log lines to read, not to search: they scroll sideways. */
export function LinesWell({ lines, label }: { lines: readonly LogLine[]; label: string }) {
  return (
    <ol tabIndex={0} aria-label={label} className="overflow-x-auto rounded-lg border border-rule bg-well px-3 py-2 font-mono text-[12.5px] leading-[21px]">
      {lines.map((line) => (
        <li key={line.cursor}>
          <LogLineView line={line} wrap={false} showApp={false} />
        </li>
      ))}
    </ol>
  )
}
