/** A line as a message of syslog (RFC 5424), framed by counting its octets (RFC 6587, 3.4.1; RFC 5425, 4.3). Pure. */
import type { LogLine } from '#contract/model.ts'

/** local0 */
const facility = 16
const severity = { error: 3, warn: 4, info: 6, unknown: 6, debug: 7 } as const

/** `<134>1 2026-11-20T03:12:00.000Z shop web web.1 stdout [nightshift@32473 …] text`. The number is the one kept for examples (RFC 5612): Nightshift has none of its own. */
export function syslogMessage({ at, app, environment, service, instance, release, stream, level, text }: LogLine): string {
  const data = `[nightshift@32473 environment="${quoted(environment)}"${release === null ? '' : ` release="v${release}"`}]`
  return `<${facility * 8 + severity[level]}>1 ${at} ${word(app, 255)} ${word(service, 48)} ${word(instance, 128)} ${word(stream, 32)} ${data} ${text}`
}

export function framed(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`
}

/** PRINTUSASCII without spaces; nothing is `-`. */
function word(text: string, longest: number): string {
  return text.replace(/[^\x21-\x7e]/g, '_').slice(0, longest) || '-'
}

function quoted(text: string): string {
  return text.replace(/["\\\]]/g, '\\$&')
}
