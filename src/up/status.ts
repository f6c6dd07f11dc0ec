import { existsSync } from 'node:fs'
import { AppError, messageOf } from '#base/errors.ts'
import { formatDuration, formatSize } from '#base/units.ts'
import { createClient } from '#contract/client.ts'
import { isAlive, residentBytes } from '#kernel/supervisor/identity.ts'
import { statusSocketOf } from '#kernel/supervisor/node-process.ts'
import { askStatus } from '#kernel/supervisor/status-socket.ts'
import { configFile, readConfig } from './home.ts'
import { lastWords } from './last-words.ts'
import type { ProcessOptions } from './options.ts'
import { nightshiftProcesses, reachable } from './processes.ts'
import { readRecord } from './up.ts'

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

export type Status = { home: string; api: { url: string; reachable: boolean; because: string }; processes: ProcessStatus[] }

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
  const record = readRecord(home)
  const supervised = record !== undefined && isAlive(record)
  const processes: ProcessStatus[] = [
    {
      name: 'supervisor',
      pid: supervised ? record.pid : null,
      state: supervised ? 'ready' : 'down',
      upSince: supervised ? record.startedAt : null,
      restarts: 0,
      memoryBytes: supervised ? residentBytes(record.pid) : 0,
      ports: {},
      because: supervised ? '' : 'nothing restarts what ends (start it with: nightshift up)',
    },
  ]
  for (const each of nightshiftProcesses(home, config, options.databaseUrl).all()) {
    const found = await each.find()
    const health = found ? await each.probe() : 'down'
    const ports = each.name === 'postgres' ? { database: config.databasePort } : ((found && (await askStatus(statusSocketOf(home, each.name), 2000)))?.ports ?? {})
    const seen = supervised ? record.processes.find((view) => view.name === each.name) : undefined
    processes.push({
      name: each.name,
      pid: found?.pid ?? null,
      state: health,
      upSince: found?.startedAt ?? null,
      restarts: seen?.restarts ?? 0,
      memoryBytes: found ? residentBytes(found.pid) : 0,
      ports: found ? ports : {},
      because: health === 'ready' ? '' : whyNot(seen?.because, found ? undefined : lastWords(each.logFile)),
    })
  }
  const url = `http://${reachable(config.apiHost)}:${config.apiPort}`
  try {
    await createClient({ baseUrl: url }).call('system.health', {}, AbortSignal.timeout(3000))
    return { home, api: { url, reachable: true, because: '' }, processes }
  } catch (error) {
    return { home, api: { url, reachable: false, because: messageOf(error) }, processes }
  }
}

function whyNot(because: string | undefined, words: string | undefined): string {
  return [because, words === undefined ? undefined : `it said: ${words}`].filter(Boolean).join('; ')
}

function tableOf({ home, api, processes }: Status): string {
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
  return `${lines.join('\n')}\n\nhome  ${home}\napi   ${api.url}  ${api.reachable ? 'answers' : `does not answer: ${api.because}`}\n`
}
