/**
 * A message of syslog as a line: RFC 5424, RFC 3164, and what calls itself syslog and is neither. Pure and total: whatever comes in is a
 * message, if only its text.
 */
export type SyslogMessage = {
  /** ISO; null: it says none that can be understood. */
  at: string | null
  level: 'debug' | 'info' | 'warn' | 'error'
  facility: string
  host: string | null
  program: string | null
  pid: string | null
  id: string | null
  /** Structured data: parameters by `element.name`. */
  data: Record<string, string>
  text: string
}

const facilities = ['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7']
const levels = ['error', 'error', 'error', 'error', 'warn', 'info', 'info', 'debug'] as const
/** RFC 3164, 4.3.3: what a message without a priority is taken for. */
const noPriority = 13
const maxData = 50

export function parseSyslog(raw: string, now: Date): SyslogMessage {
  const text = raw.replace(/[\r\n\0]+$/, '')
  const priority = /^<(\d{1,3})>/.exec(text)
  const number = priority !== null && Number(priority[1]) <= 191 ? Number(priority[1]) : noPriority
  const base = { level: levels[number & 7] as SyslogMessage['level'], facility: facilities[number >> 3] as string }
  const rest = priority === null ? text : text.slice(priority[0].length)
  return { ...base, ...(parse5424(rest) ?? parse3164(rest, now)) }
}

type Parsed = Omit<SyslogMessage, 'level' | 'facility'>

const header5424 = /^1 (\S+) (\S{1,255}) (\S{1,255}) (\S{1,255}) (\S{1,255}) ?/
const orNull = (word: string | undefined): string | null => (word === undefined || word === '-' ? null : word)

/** RFC 5424, 6. */
function parse5424(text: string): Parsed | null {
  const header = header5424.exec(text)
  if (header === null) return null
  const [whole, time, host, program, pid, id] = header
  const { data, rest } = structuredData(text.slice(whole.length))
  return { at: timeOf(time), host: orNull(host), program: orNull(program), pid: orNull(pid), id: orNull(id), data, text: rest.replace(/^\ufeff/, '') }
}

/** `[id name="value" …][…] text`, or `- text`. What is not whole is text. */
function structuredData(text: string): { data: Record<string, string>; rest: string } {
  const data: Record<string, string> = {}
  if (text.startsWith('-')) return { data, rest: text.slice(1).replace(/^ /, '') }
  let at = 0
  while (text[at] === '[') {
    const element = /^\[([^ =\]"]{1,32})((?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\.)*")*)\]/s.exec(text.slice(at))
    if (element === null) return { data, rest: text.slice(at) }
    for (const [, name, value] of (element[2] as string).matchAll(/ ([^ =\]"]{1,32})="((?:[^"\\\]]|\\.)*)"/gs))
      if (Object.keys(data).length < maxData) data[`${element[1]}.${name}`] = (value as string).replace(/\\(["\\\]])/g, '$1')
    at += element[0].length
  }
  return { data, rest: text.slice(at).replace(/^ /, '') }
}

const header3164 = /^(?:([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?: (\d{4}))?|(\d{4}-\d\d-\d\dT\S+)) /
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const tag = /^([A-Za-z0-9_./-]{1,100})(?:\[(\d{1,10})\])?: ?/

/** RFC 3164, 4.1, and what its implementations do: no host, or an ISO time. */
function parse3164(text: string, now: Date): Parsed {
  const header = header3164.exec(text)
  let rest = header === null ? text : text.slice(header[0].length)
  const at = header === null ? null : header[7] !== undefined ? timeOf(header[7]) : timeWithoutYear(header, now)
  let host: string | null = null
  if (header !== null) {
    const word = /^([A-Za-z0-9_.:-]{1,255}) /.exec(rest)
    // `tag:` at once means that the sender left its name out, as programs on this machine do
    if (word !== null && !tag.test(rest)) {
      host = word[1] as string
      rest = rest.slice(word[0].length)
    }
  }
  const found = tag.exec(rest)
  return { at, host, program: found?.[1] ?? null, pid: found?.[2] ?? null, id: null, data: {}, text: found === null ? rest : rest.slice(found[0].length) }
}

function timeOf(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '-')
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

/** In local time, as the protocol has it; of the year in which it is not more than a day ahead. */
function timeWithoutYear([, month, day, hour, minute, second, year]: RegExpExecArray, now: Date): string | null {
  const place = months.indexOf(month as string)
  if (place === -1) return null
  const of = (inYear: number) => new Date(inYear, place, Number(day), Number(hour), Number(minute), Number(second))
  const current = of(year === undefined ? now.getFullYear() : Number(year))
  const at = year === undefined && current.getTime() > now.getTime() + 86_400_000 ? of(now.getFullYear() - 1) : current
  return Number.isNaN(at.getTime()) ? null : at.toISOString()
}

/** The line that is kept: JSON with the fields that the message has. */
export function lineText({ level, facility, host, program, pid, id, data, text }: SyslogMessage): string {
  const given = Object.entries({ program, pid, id, facility, host }).filter(([, value]) => value !== null)
  return JSON.stringify({ level, ...Object.fromEntries(given), msg: text, ...(Object.keys(data).length === 0 ? {} : { data }) })
}
