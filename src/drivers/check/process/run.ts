import { readFile, readdir } from 'node:fs/promises'
import type { CheckConfig } from '#contract/check-kinds.ts'
import type { RunCheck } from '../port.ts'

export const runProcess: RunCheck<CheckConfig<'process'>> = async ({ name, arguments: text, min, max }) => {
  if (process.platform !== 'linux') return { status: 'err', message: `processes can be counted on Linux only, and this is ${process.platform}` }
  let count = 0
  for (const pid of await readdir('/proc')) if (/^\d+$/.test(pid) && (await isMeant(pid, name, text))) count++
  const metrics = [{ name: 'processes', value: count }]
  const what = text === undefined ? name : `${name} … ${text}`
  if (count < min) return { status: 'err', message: `${count} processes are ${what}, fewer than ${min}`, metrics }
  if (max !== undefined && count > max) return { status: 'err', message: `${count} processes are ${what}, more than ${max}`, metrics }
  return { status: 'ok', message: `${count} ${count === 1 ? 'process is' : 'processes are'} ${what}`, metrics }
}

/** By the kernel's name of it, or by that of the file it was started from. */
async function isMeant(pid: string, name: string, text: string | undefined): Promise<boolean> {
  try {
    const [comm, line] = await Promise.all([readFile(`/proc/${pid}/comm`, 'utf8'), readFile(`/proc/${pid}/cmdline`, 'utf8')])
    const argv = line.split('\0')
    const isNamed = comm.trim() === name.slice(0, 15) || argv[0]?.split('/').at(-1) === name
    return isNamed && (text === undefined || argv.join(' ').includes(text))
  } catch {
    return false // it ended while we looked
  }
}
