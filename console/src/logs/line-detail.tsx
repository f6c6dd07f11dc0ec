import { Minus, Plus, X } from 'lucide-react'
import type { LogLine } from '#contract/model.ts'
import { TextLink } from '../components/a.tsx'
import { plainText } from '../components/ansi.tsx'
import { ButtonLink, IconButton } from '../components/button.tsx'
import { CopyButton } from '../components/copy.tsx'
import { quoted, withTest } from '../lib/log-search.ts'
import { exactTime, logTime } from '../lib/times.ts'
import { type LogFilter, paths } from '../paths.ts'

/** One line, whole: its fields, to copy, to link to, and with what stood around it. */
export function LineDetail({ line, linkTo, filter, onFilter, onClose }: { line: LogLine; linkTo: (filter: LogFilter) => string; filter: LogFilter; onFilter: (change: Partial<LogFilter>) => void; onClose: () => void }) {
  const text = plainText(line.text)
  const { q: _q, level: _level, since: _since, until: _until, view: _view, ...where } = filter
  const link = linkTo({ ...where, line: line.cursor, at: line.at })
  const aroundInstance = linkTo({ app: line.app, env: line.environment, instance: line.instance, line: line.cursor, at: line.at })
  return (
    <aside aria-label="Log line" className="w-84 shrink-0 overflow-y-auto rounded-lg border border-rule bg-sheet p-4 max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-40 max-md:max-h-[70dvh] max-md:w-auto max-md:rounded-b-none max-md:pb-8 max-md:shadow-float">
      <div className="mb-2 flex items-center justify-between">
        <h2 className="text-lg">Line</h2>
        <span className="-mr-2 flex">
          <CopyButton text={text} label="Copy text" />
          <IconButton label="Close" onClick={onClose}>
            <X size={16} aria-hidden />
          </IconButton>
        </span>
      </div>
      <pre className="mb-4 max-h-70 overflow-y-auto rounded-md bg-well p-3 text-[12.5px] leading-5 whitespace-pre-wrap break-all">{pretty(text)}</pre>
      <dl className="mb-4 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-0.5 text-sm [&_dt]:text-soft">
        <dt>time</dt>
        <dd title={exactTime(line.at)}>
          <span className="num">{logTime(line.at)}</span> <span className="text-soft">{exactTime(line.at)}</span>
        </dd>
        <dt>app</dt>
        <dd>
          <TextLink href={paths.app(line.app, line.environment)}>{line.app}</TextLink>
          {line.environment === 'production' ? '' : ` ${line.environment}`}
        </dd>
        <dt>instance</dt>
        <dd className="num">{line.instance}</dd>
        {line.release === null ? null : (
          <>
            <dt>release</dt>
            <dd className="num">v{line.release}</dd>
          </>
        )}
        <dt>stream</dt>
        <dd className="num">{line.stream}</dd>
        <dt>level</dt>
        <dd className="num">{line.level}</dd>
      </dl>
      {line.fields === undefined ? null : <FieldTable fields={line.fields} onTest={(test, take) => onFilter({ q: withTest(filter.q, test, take), line: undefined, at: undefined })} />}
      <div className="flex flex-wrap items-center gap-2">
        <ButtonLink size="sm" href={aroundInstance}>
          What stood around it
        </ButtonLink>
        <span className="flex items-center text-sm">
          <CopyButton text={`${location.origin}${link}`} label="Copy a link to this line" />
          Link
        </span>
      </div>
    </aside>
  )
}

type Fields = NonNullable<LogLine['fields']>

function FieldTable({ fields, onTest }: { fields: Fields; onTest: (test: string, take: 'filter' | 'exclude') => void }) {
  return (
    <table className="mb-4 w-full table-fixed text-sm">
      <caption className="mb-1 text-left text-soft">Fields</caption>
      <tbody>
        {Object.entries(fields).map(([name, value]) => {
          const text = String(value)
          const test = `${name}:${quoted(text)}`
          return (
            <tr key={name} className="border-b border-rule align-top">
              <th scope="row" className="w-[38%] py-0.5 pr-2 text-left font-normal break-all text-soft">
                {name}
              </th>
              <td className="num py-0.5 break-all">{text}</td>
              <td className="w-14 text-right whitespace-nowrap">
                {/^\.?[\w@-][\w.@-]*$/.test(name) && text.length <= 200 ? (
                  <>
                    <FieldButton label={`Only lines with ${test}`} onClick={() => onTest(test, 'filter')}>
                      <Plus size={13} aria-hidden />
                    </FieldButton>
                    <FieldButton label={`No lines with ${test}`} onClick={() => onTest(test, 'exclude')}>
                      <Minus size={13} aria-hidden />
                    </FieldButton>
                  </>
                ) : null}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function FieldButton({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <button type="button" aria-label={label} title={label} onClick={onClick} className="inline-grid size-6 place-items-center rounded-sm text-soft hover:bg-hover hover:text-ink">
      {children}
    </button>
  )
}

/** JSON lines are opened up; anything else is left as it is. */
function pretty(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
