/** Making a line storable, and reading its level off it. Pure; runs once for each line, so it is written for speed. */
import { levels, type Level } from './model.ts'

/** A longer message is cut; the agent cuts at 16 KB already. */
export const maxTextBytes = 32 * 1024

/** PostgreSQL takes no NUL, UTF-8 no lone surrogate, and chunks separate lines by NUL. */
export function cleanText(text: string): string {
  let clean = text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text
  if (!clean.isWellFormed()) clean = clean.toWellFormed()
  if (clean.length * 3 <= maxTextBytes) return clean
  const bytes = Buffer.from(clean)
  if (bytes.length <= maxTextBytes) return clean
  let end = maxTextBytes
  while (((bytes[end] as number) & 0xc0) === 0x80) end-- // not in the middle of a character
  return `${bytes.toString('utf8', 0, end)} … (${bytes.length - end} bytes cut)`
}

const words: Record<string, Level> = {
  trace: 'debug', debug: 'debug', dbg: 'debug', verbose: 'debug', fine: 'debug', silly: 'debug',
  info: 'info', information: 'info', informational: 'info', notice: 'info', log: 'info', inf: 'info',
  warn: 'warn', warning: 'warn', wrn: 'warn',
  error: 'error', err: 'error', fatal: 'error', critical: 'error', crit: 'error', alert: 'error', emerg: 'error', emergency: 'error',
  panic: 'error', severe: 'error', exception: 'error',
}

const place = Object.fromEntries(levels.map((level, at) => [level, at])) as Record<Level, number>

/** `warning`, `fatal` and the like as one of ours; folded. */
export function levelNamed(name: string): Exclude<Level, 'unknown'> | undefined {
  return words[name] as Exclude<Level, 'unknown'> | undefined
}

/** The place in `levels` of the level that the line itself claims; 0 when it claims none. */
export function levelOf(text: string): number {
  return place[(text.startsWith('{') ? levelOfJson(text) : undefined) ?? levelOfWords(text) ?? 'unknown']
}

function levelOfJson(text: string): Level | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const record = value as Record<string, unknown>
  const nested = record['log'] // Elastic Common Schema
  const claim =
    record['level'] ?? record['severity'] ?? record['lvl'] ?? record['levelname'] ?? record['log.level'] ?? record['severity_text'] ?? record['severityText'] ??
    (typeof nested === 'object' && nested !== null ? (nested as Record<string, unknown>)['level'] : undefined)
  if (typeof claim === 'string') return /^\d+$/.test(claim) ? levelOfNumber(Number(claim)) : words[claim.toLowerCase()]
  if (typeof claim === 'number') return levelOfNumber(claim)
  const otel = record['severityNumber'] ?? record['severity_number']
  return typeof otel === 'number' ? (otel <= 8 ? 'debug' : otel <= 12 ? 'info' : otel <= 16 ? 'warn' : 'error') : undefined
}

/** 0–7 are syslog's (RFC 5424), 10–60 bunyan's and pino's, 100–800 Google Cloud's. */
function levelOfNumber(level: number): Level | undefined {
  if (level < 0) return undefined
  if (level <= 7) return level <= 3 ? 'error' : level === 4 ? 'warn' : level <= 6 ? 'info' : 'debug'
  if (level < 100) return level < 30 ? 'debug' : level < 40 ? 'info' : level < 50 ? 'warn' : 'error'
  return level < 200 ? 'debug' : level < 400 ? 'info' : level < 500 ? 'warn' : 'error'
}

const head = 120
const colour = /\x1b\[[0-9;]*m/g
const logfmt = /(?:^|\s)(?:level|lvl|severity)="?([A-Za-z]{3,13})\b/
const klog = /^([IWEF])\d{4} \d\d:/
const thrown = /^(?:Uncaught |Unhandled )?(?:[A-Za-z_.]*(?:Error|Exception)\b(?: \[[A-Z_]+\])?:|Traceback \(most recent call last\)|panic: )/
const isoStamp = /^[\s[(]*\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-][\d:]+)?[^A-Za-z]*/
const otherStamp = /^[^A-Za-z]*(?:[A-Z][a-z]{2} +\d{1,2} [\d:.]+ )?/

/**
 * A level word counts in capitals or in brackets among the first words, in any case as the first word or before a
 * colon, and as `level=`: `2026-11-20 14:44:53 [pool-1] WARN …`, `[info] …`, `npm error …`, `app[12]: warning: …`.
 */
function levelOfWords(text: string): Level | undefined {
  let start = text.length > head ? text.slice(0, head) : text
  if (start.includes('\x1b')) start = start.replace(colour, '')
  const claimed = logfmt.exec(start)
  if (claimed) {
    const level = words[(claimed[1] as string).toLowerCase()]
    if (level) return level
  }
  const letter = klog.exec(start)?.[1]
  if (letter) return letter === 'I' ? 'info' : letter === 'W' ? 'warn' : 'error'
  if (thrown.test(start)) return 'error'
  const from = (isoStamp.exec(start) ?? otherStamp.exec(start))?.[0].length ?? 0
  const word = /[A-Za-z]+/g
  word.lastIndex = from
  for (let nth = 0; nth < 5; nth++) {
    const found = word.exec(start)
    if (!found) return undefined
    const name = found[0]
    const level = words[name.toLowerCase()]
    if (!level) continue
    const before = start[found.index - 1]
    const after = start[found.index + name.length]
    const apart = (before === undefined || !/[\w.-]/.test(before)) && (after === undefined || !/[\w.-]/.test(after))
    if (!apart) continue
    const bracketed = (before === '[' && after === ']') || (before === '<' && after === '>') || (before === '(' && after === ')')
    const loud = name.length > 2 && name === name.toUpperCase()
    if (loud || bracketed || after === ':' || (nth === 0 && firstWordClaims(name, after))) return level
    if (nth === 1 && start.startsWith('npm ')) return level
  }
  return undefined
}

/** `error something` claims; `log in failed`, `fine`, `exception …` as the start of a sentence do not. */
function firstWordClaims(name: string, after: string | undefined): boolean {
  return (after === ' ' || after === undefined || after === '\t') && /^(trace|debug|info|warn|warning|error|err|fatal|critical)$/i.test(name)
}
