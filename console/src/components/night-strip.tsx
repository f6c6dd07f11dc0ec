import { useNow } from '../data/use-now.ts'
import { plural } from '../lib/numbers.ts'
import { type Mark, type Slot, drawnOf, hourTicks, nightSlots, nights } from '../lib/night-slots.ts'
import { clockTime } from '../lib/times.ts'
import { usePhone } from '../lib/use-media.ts'
import { paths } from '../paths.ts'
import { A } from './a.tsx'
import { Tip } from './tip.tsx'

const words: Record<Mark['kind'], [string, string]> = { held: ['handed to a person', 'handed to a person'], fault: ['fault', 'faults'], healed: ['healed', 'healed'], change: ['change', 'changes'] }
const percent = (share: number) => `${(share * 100).toFixed(3)}%`

/** The last 24 hours at a glance: what went wrong and was healed above the line, what was changed below it. */
export function NightStrip({ marks }: { marks: readonly Mark[] }) {
  const phone = usePhone()
  const minute = Math.floor(useNow() / 60_000) * 60_000 + 60_000
  const slots = nightSlots(marks, minute, phone ? 24 : 72)
  return (
    <figure aria-label="The last 24 hours">
      <div className="relative h-[104px] overflow-hidden rounded-lg border border-rule bg-sheet">
        {nights(minute).map((night) => (
          <div key={night.from} className="absolute inset-y-0 bg-well" style={{ left: percent(night.from), width: percent(night.to - night.from) }} />
        ))}
        {hourTicks(minute, phone ? 6 : 3).map((tick) => (
          <div key={tick.at} className="absolute inset-y-0 border-l border-rule" style={{ left: percent(tick.share) }}>
            <span hidden={tick.share > 0.94} className="absolute bottom-1 left-1.5 font-mono text-xs text-soft">{clockTime(new Date(tick.at).toISOString())}</span>
          </div>
        ))}
        <div className="absolute inset-x-0 top-[54px] h-px bg-rule-strong" />
        <ol className="absolute inset-x-0 top-0 flex h-[78px]">
          {slots.map((slot) => (
            <li key={slot.from} className="relative min-w-0 flex-1">
              {slot.marks.length === 0 ? null : <SlotMarks slot={slot} />}
            </li>
          ))}
        </ol>
      </div>
      <figcaption className="mt-2 flex flex-wrap gap-x-5 gap-y-1 text-sm text-soft">
        <Legend kind="held" text="handed to a person" />
        <Legend kind="fault" text="fault" />
        <Legend kind="healed" text="healed" />
        <Legend kind="change" text="change" />
        <span className="ml-auto max-sm:hidden">shaded: 22:00 to 06:00</span>
      </figcaption>
    </figure>
  )
}

function summaryOf(slot: Slot): string {
  const counts = (Object.keys(words) as Mark['kind'][]).flatMap((kind) => {
    const count = slot.marks.filter((mark) => mark.kind === kind).length
    return count === 0 ? [] : [plural(count, ...words[kind])]
  })
  return `${clockTime(new Date(slot.from).toISOString())} to ${clockTime(new Date(slot.to).toISOString())}: ${counts.join(', ')}`
}

function SlotMarks({ slot }: { slot: Slot }) {
  const above = drawnOf(slot.marks)
  const changes = slot.marks.filter((mark) => mark.kind === 'change').length
  const newest = slot.marks.at(-1) as Mark
  return (
    <Tip
      text={
        <ul className="space-y-0.5">
          {slot.marks.slice(-6).map((mark) => (
            <li key={mark.event}>
              <span className="num text-soft">{clockTime(mark.at)}</span> {mark.summary}
            </li>
          ))}
          {slot.marks.length > 6 ? <li className="text-soft">and {slot.marks.length - 6} more</li> : null}
        </ul>
      }
    >
      <A href={paths.journal({ event: String(newest.event) })} aria-label={summaryOf(slot)} className="absolute inset-0 rounded-sm hover:bg-hover">
        <span className="absolute inset-x-0 bottom-[26px] flex flex-col items-center gap-[3px]">
          {above.slice(-4).map((mark) => (
            <MarkShape key={mark.event} kind={mark.kind} />
          ))}
        </span>
        {changes === 0 ? null : <span className="absolute left-1/2 top-[55px] w-[2px] -translate-x-1/2 bg-ink opacity-75" style={{ height: Math.min(5 + changes * 4, 20) }} />}
      </A>
    </Tip>
  )
}

function MarkShape({ kind }: { kind: Mark['kind'] }) {
  if (kind === 'change') return <span aria-hidden="true" className="inline-block h-3 w-[2px] bg-ink opacity-75" />
  return (
    <svg viewBox="0 0 10 10" width="9" height="9" aria-hidden="true" className={`shrink-0 ${kind === 'held' ? 'text-red-mark' : kind === 'fault' ? 'text-amber-mark' : 'text-healthy-mark'}`}>
      {kind === 'held' ? <path d="M5 0l5 5-5 5-5-5Z" fill="currentColor" /> : kind === 'fault' ? <circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.8" /> : <circle cx="5" cy="5" r="4" fill="currentColor" />}
    </svg>
  )
}

const Legend = ({ kind, text }: { kind: Mark['kind']; text: string }) => (
  <span className="inline-flex items-center gap-2">
    <MarkShape kind={kind} />
    {text}
  </span>
)
