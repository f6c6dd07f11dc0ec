/** Plugins of this machine: what control pushed, verified before every run; and those that the machine has itself. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '#base/errors.ts'
import type { PluginRef } from '#contract/checks.ts'
import { pluginSigningKey, pluginSigningText } from '#contract/plugin-signing.ts'
import { execPlugin } from '#drivers/check/plugin/exec.ts'
import type { PluginEnd, PluginRun } from '#drivers/check/port.ts'
import type { ControlClient } from '../../control-client.ts'

const maxBytes = 1024 * 1024
const mostAtOnce = 4
const mostKept = 200

export function openPlugins({ home, token, control }: { home: string; token: string; control: Pick<ControlClient, 'download'> }) {
  const folder = join(home, 'agent', 'plugins')
  const key = pluginSigningKey(token)
  const waiting: (() => void)[] = []
  let running = 0
  /** One after the other: two checks may run one plugin. */
  let placing: Promise<unknown> = Promise.resolve()

  function verify({ name, digest, signature }: PluginRef): void {
    const right = createHmac('sha256', key).update(pluginSigningText(name, digest)).digest()
    const given = Buffer.from(signature, 'hex')
    if (!/^[0-9a-f]{64}$/.test(digest) || given.length !== right.length || !timingSafeEqual(given, right)) throw new AppError('forbidden', `the plugin ${name} is not signed with the key of this machine, and is not run (add it again: nightshift checks plugin)`)
  }

  /** The path of the plugin's file, whose content was just seen to be what was signed. */
  async function fileOf(ref: PluginRef, signal: AbortSignal): Promise<string> {
    verify(ref)
    const file = join(folder, ref.digest)
    const known = await readFile(file).catch(() => null)
    if (known !== null && digestOf(known) === ref.digest) return file
    const content = await download(ref, signal)
    await mkdir(folder, { recursive: true, mode: 0o711 })
    await chmod(folder, 0o711)
    await makeRoom()
    await writeFile(`${file}.new`, content, { mode: 0o555 })
    await chmod(`${file}.new`, 0o555)
    await rename(`${file}.new`, file)
    return file
  }

  function placed(ref: PluginRef, signal: AbortSignal): Promise<string> {
    const file = placing.then(() => fileOf(ref, signal))
    placing = file.catch(() => undefined)
    return file
  }

  async function download({ name, digest }: PluginRef, signal: AbortSignal): Promise<Buffer> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of await control.download(`/internal/plugins/${digest}`, signal)) {
      chunks.push(chunk as Buffer)
      size += (chunk as Buffer).length
      if (size > maxBytes) throw new AppError('invalid', `the plugin ${name} has more than ${maxBytes} bytes`)
    }
    const content = Buffer.concat(chunks)
    if (digestOf(content) !== digest) throw new AppError('invalid', `what control sent as the plugin ${name} is not what was signed`)
    return content
  }

  /** The oldest go when there are too many; they can be had again. */
  async function makeRoom(): Promise<void> {
    const files = await Promise.all((await readdir(folder)).map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })))
    for (const { path } of files.sort((a, b) => b.at - a.at).slice(mostKept - 1)) await rm(path, { force: true })
  }

  async function turn(signal: AbortSignal): Promise<void> {
    if (running < mostAtOnce) running++
    else await new Promise<void>((resolve) => waiting.push(resolve)) // who leaves gives its place
    if (signal.aborted) leave()
    signal.throwIfAborted()
  }

  function leave(): void {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }

  return async ({ plugin, args, memoryBytes }: PluginRun, signal: AbortSignal): Promise<PluginEnd> => {
    await turn(signal)
    try {
      const path = typeof plugin === 'string' ? plugin : await placed(plugin, signal)
      return await execPlugin({ argv: [path, ...args], dir: folder, memoryBytes, cwd: '/' }, signal)
    } finally {
      leave()
    }
  }
}

const digestOf = (content: Buffer): string => createHash('sha256').update(content).digest('hex')
