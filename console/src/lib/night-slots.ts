/** The last 24 hours cut into slots, each with the marks that fall into it. Pure: time is an argument. */
import type { Tonight } from '#contract/model.ts'

export type Mark = Tonight['marks'][number]
export type Slot = { from: number; to: number; marks: Mark[] }

const day = 86_400_000

export function nightSlots(marks: readonly Mark[], now: number, count: number): Slot[] {
  const width = day / count
  const start = now - day
  const slots: Slot[] = Array.from({ length: count }, (_, index) => ({ from: start + index * width, to: start + (index + 1) * width, marks: [] }))
  for (const mark of marks) {
    const index = Math.floor((Date.parse(mark.at) - start) / width)
    if (index >= 0) slots[Math.min(index, count - 1)]?.marks.push(mark)
  }
  return slots
}

/** What is drawn of a slot, the gravest last: a fault that was healed within it is healed, nothing more. */
export function drawnOf(marks: readonly Mark[]): Mark[] {
  const of = (kind: Mark['kind']) => marks.filter((mark) => mark.kind === kind)
  const [faults, healed] = [of('fault'), of('healed')]
  return [...healed, ...faults.slice(0, Math.max(0, faults.length - healed.length)), ...of('held')]
}

/** Full hours within the last 24, every `stepHours`, as shares 0..1 of the strip. */
export function hourTicks(now: number, stepHours: number): { at: number; share: number }[] {
  const ticks: { at: number; share: number }[] = []
  const hour = new Date(now)
  hour.setMinutes(0, 0, 0)
  for (let at = hour.getTime(); at > now - day; at -= 3_600_000) if (new Date(at).getHours() % stepHours === 0) ticks.push({ at, share: 1 - (now - at) / day })
  return ticks.reverse()
}

/** The parts of the strip that are night (22:00 to 06:00, this browser's zone), as shares. */
export function nights(now: number): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = []
  const evening = new Date(now)
  evening.setHours(22, 0, 0, 0)
  for (const back of [2, 1, 0]) {
    const from = evening.getTime() - back * day
    const to = from + 8 * 3_600_000
    if (to > now - day && from < now) found.push({ from: Math.max(0, 1 - (now - from) / day), to: Math.min(1, 1 - (now - to) / day) })
  }
  return found
}
