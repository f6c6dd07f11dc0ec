/** One query in the text protocol: how many rows it has, and the first value. */
import { Fields, type Packets, refusalOf } from './packets.ts'

const maxRows = 100_000
/** No table and no query of MySQL has more. */
const maxColumns = 4096

export type Answered = { rows: number; /** null = NULL, undefined = there is none. */ first: string | null | undefined }

/** Throws with what the server says against it. */
export async function ask(packets: Packets, sql: string): Promise<Answered> {
  packets.send(Buffer.concat([Buffer.from([3]), Buffer.from(sql, 'utf8')]), true)
  const head = await packets.next()
  if (head[0] === 0xff) throw new Error(refusalOf(head))
  if (head[0] === 0x00) return { rows: 0, first: undefined }
  // a server may ask for a file of its client (LOAD DATA LOCAL): never
  if (head[0] === 0xfb) throw new Error('the server asks for a file of this machine, which no check sends')
  const columns = new Fields(head).count() ?? 0
  if (columns > maxColumns) throw new Error(`it does not speak as a MySQL server does: its answer has ${columns} columns`)
  for (let nth = 0; nth < columns; nth++) await packets.next()
  if (!isEnd(await packets.next())) throw new Error('it does not speak as a MySQL server does: its columns do not end')
  let answered: Answered = { rows: 0, first: undefined }
  for (;;) {
    const row = await packets.next()
    if (row[0] === 0xff) throw new Error(refusalOf(row))
    if (isEnd(row)) return answered
    answered = { rows: answered.rows + 1, first: answered.rows === 0 ? new Fields(row).text() : answered.first }
    if (answered.rows > maxRows) throw new Error(`the query answers more than ${maxRows} rows (count them in the query)`)
  }
}

const isEnd = (packet: Buffer) => packet[0] === 0xfe && packet.length < 9
