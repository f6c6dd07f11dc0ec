import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Button } from '../components/button.tsx'
import { queries } from '../data/queries.ts'
import { useNow } from '../data/use-now.ts'
import { drawnOf, nightSlots } from '../lib/night-slots.ts'
import { clockTime, exactTime } from '../lib/times.ts'

const minuteMs = 60_000
const dayMinutes = 24 * 60
const restMs = 250
/** Of a quarter of an hour what is gravest. */
const looks = { change: 'h-1.5 bg-rule-strong', healed: 'h-2 bg-healthy-mark', fault: 'h-2.5 bg-amber-mark', held: 'h-3 bg-red-mark' }

/** What did it look like at 03:12? A day back, minute by minute; faults and changes stand on the scale. */
export function TimeSlider({ at }: { at: string | undefined }) {
  const navigate = useNavigate({ from: '/map' })
  const now = useNow()
  const marks = useQuery(queries.tonight()).data?.marks ?? []
  const atBack = at === undefined ? 0 : Math.min(dayMinutes, Math.max(0, Math.round((now - Date.parse(at)) / minuteMs)))
  const [back, setBack] = useState<number | null>(null)
  const shown = back ?? atBack
  useEffect(() => {
    if (back === null) return
    const timer = setTimeout(() => {
      setBack(null)
      void navigate({ search: (before) => ({ ...before, at: back === 0 ? '' : new Date(Date.now() - back * minuteMs).toISOString() }), replace: true })
    }, restMs)
    return () => clearTimeout(timer)
  }, [back])
  const moment = new Date(now - shown * minuteMs).toISOString()
  return (
    <div className="mb-3 flex items-center gap-4">
      <div className="relative min-w-0 flex-1 pt-3">
        <span aria-hidden="true" className="absolute inset-x-2 top-0 h-3">
          {nightSlots(marks, now, 96).map((slot, nth) => (slot.marks.length === 0 ? null : <span key={slot.from} className={`absolute bottom-0 w-[2px] rounded-sm ${looks[drawnOf(slot.marks).at(-1)?.kind ?? 'change']}`} style={{ left: `${((nth + 0.5) / 96) * 100}%` }} />))}
        </span>
        <input type="range" className="block w-full accent-(--accent)" aria-label="Moment that the map shows" aria-valuetext={shown === 0 ? 'now' : exactTime(moment)} min={-dayMinutes} max={0} step={1} value={-shown} onChange={(event) => setBack(-Number(event.target.value))} />
      </div>
      <p className="num w-24 shrink-0 max-sm:w-12 text-right text-sm" title={exactTime(moment)}>
        {shown === 0 ? 'now' : clockTime(moment)}
      </p>
      <Button size="sm" onClick={() => setBack(0)} disabled={shown === 0}>
        Now
      </Button>
    </div>
  )
}
