/** Aligned tables: lower-case titles, two spaces between columns, numbers to the right, no lines, no trailing space. */
import { type Output, type Style, harmless } from './output.ts'

export type Column<Row> = {
  title: string
  /** Null or '' is shown as – where another row has a value; a column without any value is left out. */
  value: (row: Row) => string | number | null | undefined
  align?: 'right'
  style?: (row: Row) => Style | undefined
}

export function table<Row>(out: Output, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  for (const line of tableLines(rows, columns, out.paint, out.columns)) out.line(line)
}

export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  paint: (style: Style | undefined, text: string) => string,
  width?: number,
): string[] {
  if (rows.length === 0) return []
  const filled = columns
    .map((column) => ({ column, cells: rows.map((row) => harmless(String(column.value(row) ?? '')).replaceAll(/[\n\t]+/g, ' ')) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
  const widths = filled.map(({ column, cells }) => Math.max(column.title.length, ...cells.map((cell) => cell.length || 1)))
  const last = filled.length - 1
  const before = widths.slice(0, last).reduce((sum, columnWidth) => sum + columnWidth + 2, 0)
  const room = width === undefined ? undefined : Math.max(12, width - before)
  const format = (texts: string[], styles: (Style | undefined)[]) =>
    texts
      .map((text, index) => {
        const cut = index === last && room !== undefined && text.length > room ? `${text.slice(0, room - 1)}…` : text
        const gap = ' '.repeat(Math.max(0, (widths[index] as number) - cut.length))
        const painted = paint(styles[index], cut)
        if (filled[index]?.column.align === 'right') return gap + painted
        return index === last ? painted : painted + gap
      })
      .join('  ')
      .trimEnd()
  return [
    format(filled.map(({ column }) => column.title), filled.map(() => 'dim')),
    ...rows.map((row, at) => format(filled.map(({ cells }) => cells[at] || '–'), filled.map(({ column }) => column.style?.(row)))),
  ]
}

/** `name    value` lines for one thing; empty values are left out. */
export function facts(out: Output, entries: readonly (readonly [string, string | null | undefined])[]): void {
  const shown = entries.filter((entry): entry is readonly [string, string] => entry[1] !== null && entry[1] !== undefined && entry[1] !== '')
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  for (const [name, value] of shown) out.line(`${out.paint('dim', name.padEnd(width))}  ${value}`)
}
