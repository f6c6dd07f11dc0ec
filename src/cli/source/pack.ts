/** A source as a stream of gzipped tar. Modes and links are kept; owners, devices and inode numbers are not told. */
import { create } from 'tar'
import type { Source } from './collect.ts'

export type Packed = { body: ReadableStream<Uint8Array<ArrayBuffer>>; /** What broke the stream: a file that can't be read (any more). */ failure(): unknown }

/** `onBytes` is called with the compressed bytes sent so far. */
export function packSource(source: Source, onBytes: (sent: number) => void): Packed {
  let failure: unknown
  const archive = create(
    {
      cwd: source.root,
      gzip: { level: 6 },
      portable: true,
      noDirRecurse: true,
      strict: true,
      // Two names of one file are two files where they arrive: a hard link could point to what isn't in the archive.
      linkCache: new NoLinks(),
    },
    // Names starting with @ mean another archive to this library.
    source.entries.map((entry) => `./${entry.path}`),
  )
  let sent = 0
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      archive.on('data', (chunk: Buffer) => {
        sent += chunk.length
        onBytes(sent)
        controller.enqueue(new Uint8Array(chunk))
        if ((controller.desiredSize ?? 1) <= 0) archive.pause()
      })
      archive.on('end', () => controller.close())
      archive.on('error', (error: unknown) => {
        failure = error
        controller.error(error)
      })
    },
    pull() {
      archive.resume()
    },
    cancel() {
      archive.pause()
    },
  })
  return { body, failure: () => failure }
}

class NoLinks extends Map<`${number}:${number}`, string> {
  override set(): this {
    return this
  }
}
