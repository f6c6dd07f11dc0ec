import { existsSync, statfsSync } from 'node:fs'
import { AppError, messageOf } from '#base/errors.ts'
import { formatDuration, formatSize } from '#base/units.ts'
import { createClient } from '#contract/client.ts'
import { isAlive, residentBytes } from '#kernel/supervisor/identity.ts'
import { holderOf } from '#kernel/supervisor/lock.ts'
import { statusSocketOf } from '#kernel/supervisor/node-process.ts'
import { askStatus } from '#kernel/supervisor/status-socket.ts'
import { configFile, readConfig } from './home.ts'
import { lastWords } from './last-words.ts'
import type { ProcessOptions } from './options.ts'
import { nightshiftProcesses, reachable } from './processes.ts'
import { readRecord, supervisorLockFile } from './up.ts'

type ProcessStatus = {
  name: string
  pid: number | null
  state: string
  upSince: string | null
  restarts: number
  memoryBytes: number
  ports: Record<string, number>
  because: string
}

/** Less than this is as good as nothing: a record, a log line and a page of the database do not fit. */
const fullBelowBytes = 1024 * 1024

/** Why a process on this home may not come up or not tell all; empty while there is room. */
function whyNoRoom(home: string): string {
  const seen = statfsSync(home)
  const free = seen.bavail * seen.bsize
  if (free >= fullBelowBytes) return ''
  return `the disk is full (ENOSPC): ${formatSize(free)} of ${formatSize(seen.blocks * seen.bsize)} free where ${home} lies; free some, and what waits for it goes on by itself`
}

export type Status = { home: string; /** Empty, or that it is full and what to do. */ disk: string; api: { url: string; reachable: boolean; because: string }; processes: ProcessStatus[] }

/** `nightshift status`: exit code 0 when everything is up, else 1. */
export async function runStatus(options: ProcessOptions): Promise<number> {
  const status = await readStatus(options)
  process.stdout.write(options.json ? `${JSON.stringify(status, undefined, 2)}\n` : tableOf(status))
  return status.api.reachable && status.processes.every((each) => each.state === 'ready') ? 0 : 1
}

async function readStatus(options: ProcessOptions): Promise<Status> {
  const { home } = options
  const config = existsSync(configFile(home)) ? readConfig(home) : undefined
  if (!config) throw new AppError('not-found', `there is no Nightshift in ${home} (start one with: nightshift up --home ${home}; of one elsewhere: nightshift whoami)`)
  const disk = whyNoRoom(home)
  const record = readRecord(home)
  const recorded = record !== undefined && isAlive(record) ? record : undefined
  // on a full disk its record is an earlier one's, and its lock still names it
  const supervisor = recorded ?? holderOf(supervisorLockFile(home))
  const processes: ProcessStatus[] = [
    {
      name: 'supervisor',
      pid: supervisor?.pid ?? null,
      state: supervisor ? 'ready' : 'down',
      upSince: recorded?.startedAt ?? null,
      restarts: 0,
      memoryBytes: supervisor ? residentBytes(supervisor.pid) : 0,
      ports: {},
      because: supervisor ? '' : 'nothing restarts what ends (start it with: nightshift up)',
    },
  ]
  for (const each of nightshiftProcesses(home, config, options.databaseUrl).all()) {
    const found = await each.find()
    const health = found ? await each.probe() : 'down'
    const ports = each.name === 'postgres' ? { database: config.databasePort } : ((found && (await askStatus(statusSocketOf(home, each.name), 2000)))?.ports ?? {})
    const seen = recorded?.processes.find((view) => view.name === each.name)
    processes.push({
      name: each.name,
      pid: found?.pid ?? null,
      state: health,
      upSince: found?.startedAt ?? null,
      restarts: seen?.restarts ?? 0,
      memoryBytes: found ? residentBytes(found.pid) : 0,
      ports: found ? ports : {},
      because: health === 'ready' ? '' : disk || whyNot(seen?.because, found ? undefined : lastWords(each.logFile)),
    })
  }
  const url = `http://${reachable(config.apiHost)}:${config.apiPort}`
  try {
    await createClient({ baseUrl: url }).call('system.health', {}, AbortSignal.timeout(3000))
    return { home, disk, api: { url, reachable: true, because: '' }, processes }
  } catch (error) {
    return { home, disk, api: { url, reachable: false, because: messageOf(error) }, processes }
  }
}

function whyNot(because: string | undefined, words: string | undefined): string {
  return [because, words === undefined ? undefined : `it said: ${words}`].filter(Boolean).join('; ')
}

function tableOf({ home, disk, api, processes }: Status): string {
  const rows = processes.map((each) => [
    each.name,
    each.state,
    each.pid === null ? '–' : String(each.pid),
    each.upSince === null ? '–' : formatDuration(Date.now() - Date.parse(each.upSince)),
    String(each.restarts),
    each.memoryBytes === 0 ? '–' : formatSize(each.memoryBytes),
    Object.entries(each.ports).map(([use, port]) => `${use} ${port}`).join(', ') || each.because || '–',
  ])
  const all = [['process', 'state', 'pid', 'up', 'restarts', 'memory', 'ports'], ...rows]
  const widths = all[0]?.map((_title, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = all.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
  return `${lines.join('\n')}\n\nhome  ${home}\napi   ${api.url}  ${api.reachable ? 'answers' : `does not answer: ${api.because}`}\n${disk === '' ? '' : `disk  ${disk}\n`}`
}
