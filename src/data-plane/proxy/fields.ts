import { isTokenByte, isValueByte } from './grammar.ts'
import { type Refusal, refusals } from './refusal.ts'

/**
 * Walks the field lines of a head that is already known to be whole (it ends with CRLF; the empty line is cut off).
 * Says for each line whether it stays, and hands back the lines that stay as one string, cut out in runs, so that a
 * head of which nothing is removed costs no copy. A line is never rewritten: it stays as it came or it goes.
 */
export interface FieldVisitor {
  /**
   * `start`..`colon` is the name, `valueStart`..`valueEnd` the value without surrounding blanks.
   * True: the line stays. A refusal ends the walk.
   */
  field(text: string, start: number, colon: number, valueStart: number, valueEnd: number): boolean | Refusal
}

const maxFields = 100

export type FieldWalk = { kept: string; refusal: Refusal | null }
const none: FieldWalk = { kept: '', refusal: null }

export function walkFields(text: string, from: number, visitor: FieldVisitor): FieldWalk {
  const end = text.length
  if (from >= end) return none
  let kept = ''
  let runStart = from
  let at = from
  let count = 0
  while (at < end) {
    if (++count > maxFields) return refused(refusals.headSize)
    const start = at
    let code = text.charCodeAt(at)
    while (isTokenByte[code] === 1) code = text.charCodeAt(++at)
    if (code !== 0x3a || at === start) return refused(badName(code, at === start))
    const colon = at++
    code = text.charCodeAt(at)
    while (code === 0x20 || code === 0x09) code = text.charCodeAt(++at)
    const valueStart = at
    while (isValueByte[code] === 1) code = text.charCodeAt(++at)
    if (code !== 0x0d || text.charCodeAt(at + 1) !== 0x0a) return refused(badByte(code))
    let valueEnd = at
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--
    at += 2
    const stays = visitor.field(text, start, colon, valueStart, valueEnd)
    if (stays === true) continue
    if (stays !== false) return refused(stays)
    if (start > runStart) kept += text.slice(runStart, start)
    runStart = at
  }
  if (runStart === from) return { kept: text.slice(from), refusal: null }
  return { kept: runStart < end ? kept + text.slice(runStart) : kept, refusal: null }
}

function refused(refusal: Refusal): FieldWalk {
  return { kept: '', refusal }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function badName(code: number, first: boolean): Refusal {
  if (first && isBlank(code)) return refusals.fold
  return code === 0x0a || code === 0 ? badByte(code) : refusals.fieldName
}

export function badByte(code: number): Refusal {
  if (code === 0x0a) return refusals.bareLf
  return code === 0x0d ? refusals.bareCr : refusals.control
}

/** Without the fields that Connection named: they were meant for the hop before us (RFC 9110 §7.6.1). */
export function withoutNamed(lines: string, names: readonly string[]): string {
  return walkFields(lines, 0, {
    field: (text, start, colon) => !names.includes(text.slice(start, colon).toLowerCase()),
  }).kept
}

/** The value of the first field of that name (lower case) in lines already walked; for the rare question. */
export function fieldValue(lines: string, name: string): string | undefined {
  for (const line of lines.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon === name.length && line.slice(0, colon).toLowerCase() === name) return line.slice(colon + 1).trim()
  }
  return undefined
}
