/** Conditions on labels as people write them: `app=shop,class=5*`. Loads no schema, so that the console may. */
import { AppError } from '#base/errors.ts'

/** `label=value,label=other*`: all must fit; a label twice: one of its values. Values hold no comma. */
export function parseWhere(text: string): Record<string, string[]> {
  const where: Record<string, string[]> = {}
  for (const part of text.split(',').filter((one) => one !== '')) {
    const [, label, value] = /^([a-zA-Z_][a-zA-Z0-9_]{0,99})=(.*)$/.exec(part) ?? []
    if (label === undefined || value === undefined) throw new AppError('invalid', `"${part.slice(0, 80)}" is no condition on a label (write label=value, with commas between)`)
    where[label] = [...(where[label] ?? []), value]
  }
  return where
}

/** The other way round. What holds a comma cannot be written so. */
export function whereText(where: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(where).flatMap(([label, values]) => [values].flat().map((value) => `${label}=${value}`)).join(',')
}
