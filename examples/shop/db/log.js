// Keys and values in memory, every change first in an append-only file. A change is answered when it is on the disk:
// changes that arrive together share one sync. A line that a crash cut short is dropped at the next start.
import { closeSync, fdatasync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, truncateSync, write, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const writeTo = promisify(write)
const sync = promisify(fdatasync)

export function openLog(folder) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'shop.log')
  const values = read(file)
  compact(file, values)
  const fd = openSync(file, 'a')
  let batch = []
  let turn

  async function flush() {
    await Promise.resolve() // what arrives in this moment goes along
    while (batch.length > 0) {
      const now = batch
      batch = []
      try {
        await writeTo(fd, now.map(({ line }) => line).join(''))
        await sync(fd)
        for (const each of now) each.resolve()
      } catch (error) {
        // a disk that fails must not look like one that works: end, and start again from what is written
        console.error(`cannot write ${file}: ${error.message}`)
        process.exit(1)
      }
    }
    turn = undefined
  }

  return {
    values,
    put(key, text) {
      values.set(key, text)
      return new Promise((resolve) => {
        batch.push({ line: `${key}\t${text}\n`, resolve })
        turn ??= flush()
      })
    },
    async close() {
      await turn
      closeSync(fd)
    },
  }
}

function read(file) {
  const values = new Map()
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole))
  for (const line of whole.split('\n')) {
    const tab = line.indexOf('\t')
    if (tab > 0) values.set(line.slice(0, tab), line.slice(tab + 1))
  }
  return values
}

/** One line a key, in a new file that takes the old one's place when it is whole. */
function compact(file, values) {
  const half = `${file}.half`
  const fd = openSync(half, 'w')
  for (const [key, text] of values) writeSync(fd, `${key}\t${text}\n`)
  fsyncSync(fd)
  closeSync(fd)
  renameSync(half, file)
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
