/** Tar archives as an attacker would write them: every field as given. */
export type RawEntry = { name: string; type?: string; link?: string; data?: string | Buffer; size?: number; mode?: number; magic?: string; prefix?: string; badSum?: boolean }

export function rawTar(entries: RawEntry[], options: { end?: boolean } = {}): Buffer {
  const parts = entries.flatMap((entry) => rawEntry(entry))
  return Buffer.concat(options.end === false ? parts : [...parts, Buffer.alloc(1024)])
}

export function rawEntry({ name, type = '0', link = '', data = '', size, mode = 0o644, magic = 'ustar\u000000', prefix = '', badSum = false }: RawEntry): Buffer[] {
  const body = Buffer.from(data as string)
  const header = Buffer.alloc(512)
  header.write(name, 0, 100, 'utf8')
  header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  header.write(`${(size ?? body.length).toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  header.write(link, 157, 100, 'utf8')
  header.write(magic, 257, 'latin1')
  header.write(prefix, 345, 155, 'utf8')
  let sum = badSum ? 1 : 0
  for (const byte of header) sum += byte
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
}

/** A pax header for the next entry. */
export function pax(values: Record<string, string>, type = 'x'): RawEntry {
  const records = Object.entries(values).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`)
    let length = rest
    while (length !== rest + String(length).length) length = rest + String(length).length
    return `${length} ${key}=${value}\n`
  })
  return { name: 'PaxHeader', type, data: records.join('') }
}
