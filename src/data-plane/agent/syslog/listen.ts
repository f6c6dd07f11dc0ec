/** `udp://0.0.0.0:514 tcp://[::]:514 tls://0.0.0.0:6514`: where syslog may come in. Pure. */
import { isIP } from 'node:net'
import { AppError } from '#base/errors.ts'

export type Listening = { over: 'udp' | 'tcp' | 'tls'; host: string; port: number }

/** Throws `invalid`, with the way to say it. */
export function parseListening(text: string): Listening[] {
  return text.split(/[\s,]+/).filter(Boolean).map((one) => {
    const found = /^(udp|tcp|tls):\/\/(\[[0-9a-f:.]+\]|[^:/[\]]+):(\d{1,5})$/i.exec(one)
    const host = found?.[2]?.replace(/^\[|\]$/g, '') ?? ''
    if (found === null || isIP(host) === 0 || Number(found[3]) > 65_535)
      throw new AppError('invalid', `NIGHTSHIFT_SYSLOG: "${one}" is no place to listen on (it is like udp://127.0.0.1:5514, tcp://0.0.0.0:514 or tls://[::]:6514; several with spaces)`)
    return { over: (found[1] as string).toLowerCase() as Listening['over'], host, port: Number(found[3]) }
  })
}
