/** Questions to a person. Callers ask only where `out.interactive` says that there is one. */
import { createInterface } from 'node:readline/promises'
import { AppError } from '#base/errors.ts'
import type { Io } from './output.ts'

/** One line, shown as it is typed. */
export async function ask(io: Io, question: string): Promise<string> {
  const lines = createInterface({ input: io.stdin, output: io.stderr as NodeJS.WritableStream, terminal: true })
  const left = new AbortController()
  lines.once('SIGINT', () => left.abort())
  lines.once('close', () => left.abort())
  try {
    return await lines.question(question, { signal: left.signal })
  } catch {
    io.stderr.write('\n')
    throw new AppError('conflict', 'nothing was changed: the question was not answered')
  } finally {
    lines.removeAllListeners('close')
    lines.close()
  }
}

/** One line that isn't shown. Needs a terminal. */
export async function askHidden(io: Io, question: string): Promise<string> {
  const { stdin, stderr } = io
  stdin.setRawMode?.(true) // before the question: what is typed at once must not be shown either
  stderr.write(question)
  stdin.resume()
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = ''
      const onData = (chunk: Buffer | string): void => {
        for (const character of String(chunk)) {
          if (character === '\r' || character === '\n' || character === '\x04') {
            stdin.off('data', onData)
            return resolve(text)
          }
          if (character === '\x03') {
            stdin.off('data', onData)
            return reject(new AppError('conflict', 'nothing was changed: the question was not answered'))
          }
          if (character === '\x7f' || character === '\b') text = [...text].slice(0, -1).join('')
          else if (character >= ' ') text += character
        }
      }
      stdin.on('data', onData)
    })
  } finally {
    stdin.setRawMode?.(false)
    stdin.pause()
    stderr.write('\n')
  }
}

/** All of stdin, without the one newline that `echo` adds. Throws `invalid` beyond `maxBytes`. */
export async function readStdin(io: Io, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of io.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array)
    size += bytes.length
    if (size > maxBytes) throw new AppError('invalid', `stdin holds more than ${maxBytes} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8').replace(/\r?\n$/, '')
}
