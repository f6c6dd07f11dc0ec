import { sleep } from '#base/clock.ts'
import { interrupted } from './interrupt.ts'
import { cpus, loadavg, release, totalmem } from 'node:os'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Three significant digits at most, without zeros that say nothing. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)))
}

export function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–'
}

export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n')
}

export function machineLine(): string {
  const load = loadavg().map((each) => each.toFixed(1))
  return `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}, load ${load.join(' ')}`
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** What goes on while one waits; not part of the result. */
export function note(text: string): void {
  process.stderr.write(`  ${text}\n`)
}

/** A machine that works on something else measures that too. Waits for a calm minute, but not for ever. */
export async function calm(maxLoad: number, waitMs: number): Promise<boolean> {
  for (const end = Date.now() + waitMs; ; ) {
    const [load = 0] = loadavg()
    if (load < maxLoad) return true
    if (Date.now() > end) return false
    note(`load is ${load.toFixed(1)}, waiting for less than ${maxLoad}`)
    await sleep(15_000, interrupted)
  }
}
