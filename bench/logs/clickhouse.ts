/** Debian's ClickHouse, with the table that one would make for logs: by app and time, compressed by zstd. Its release is of 2018; it has no index of words. */
import { execFileSync } from 'node:child_process'
import { createReadStream, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { pipeline } from 'node:stream/promises'
import { tempHome } from '#test/harness/home.ts'
import { freePort } from '#test/harness/port.ts'
import { until } from '#test/harness/wait.ts'
import { cpuSeconds, startPinned } from '../rig/processes.ts'
import type { Contender, Stored } from './contender.ts'
import { type Corpus } from './corpus.ts'

export async function openClickhouse(cores: string): Promise<Contender> {
  let version = ''
  try {
    version = execFileSync('clickhouse-client', ['--version'], { encoding: 'utf8' }).match(/\d+(\.\d+)+/)?.[0] ?? '?'
  } catch {
    const no = () => Promise.reject(new Error('it is not here'))
    return { name: 'clickhouse', absent: 'clickhouse-server is not installed (Debian: clickhouse-server clickhouse-client)', store: no, search: no, close: async () => {} }
  }
  const home = await tempHome('nightshift-bench-ch-')
  const [http, tcp] = [await freePort(), await freePort()]
  const config = join(home.home, 'config.xml')
  const users = join(home.home, 'users.xml')
  writeFileSync(users, '<yandex><profiles><default></default></profiles><users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users><quotas><default></default></quotas></yandex>')
  writeFileSync(config, `<yandex><logger><level>error</level><console>1</console></logger><http_port>${http}</http_port><tcp_port>${tcp}</tcp_port><listen_host>127.0.0.1</listen_host><path>${home.home}/data/</path><tmp_path>${home.home}/tmp/</tmp_path><mark_cache_size>268435456</mark_cache_size><users_config>${users}</users_config><default_profile>default</default_profile><default_database>default</default_database><compression incl="c"><case><min_part_size>0</min_part_size><min_part_size_ratio>0</min_part_size_ratio><method>zstd</method></case></compression></yandex>`)
  const server = startPinned(cores, ['clickhouse-server', `--config-file=${config}`])

  function ask(query: string, body?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port: http, method: 'POST', path: `/?query=${encodeURIComponent(query)}` }, (answer) => {
        let text = ''
        answer.on('data', (part) => (text += String(part)))
        answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text.slice(0, 300)))))
      })
      call.on('error', reject)
      if (body === undefined) call.end()
      else void pipeline(createReadStream(body), call).catch(reject)
    })
  }
  await until(() => ask('SELECT 1'), { timeoutMs: 20_000, everyMs: 100, because: 'clickhouse answers' })
  await ask('CREATE TABLE logs (ts UInt64, app String, text String, level UInt8 MATERIALIZED multiIf(match(text, \'^{.*"level":50|^ERROR |^[A-Za-z]*Error:\'), 4, 0)) ENGINE = MergeTree PARTITION BY tuple() ORDER BY (app, ts)')

  async function store(corpus: Corpus): Promise<Stored> {
    const before = cpuSeconds(server.pid)
    const own = process.cpuUsage()
    const began = performance.now()
    for (const file of corpus.files) await ask('INSERT INTO logs (ts, app, text) FORMAT TabSeparated', file)
    const seconds = (performance.now() - began) / 1000
    await ask('OPTIMIZE TABLE logs FINAL')
    const used = process.cpuUsage(own)
    const bytes = Number(await ask('SELECT sum(bytes_on_disk) FROM system.parts WHERE active'))
    return { seconds, cpuSeconds: cpuSeconds(server.pid) - before + (used.user + used.system) / 1e6, bytesPerLine: bytes / corpus.lines, notes: { 'how it is fed': '100 000 lines an insert, not synced to disk; merged to one part before searching' } }
  }

  return {
    name: `clickhouse ${version}`,
    absent: null,
    store,
    search: async ({ sql }) => Number(await ask(`SELECT count() FROM (SELECT ts, app, text FROM logs WHERE ${sql} ORDER BY ts DESC LIMIT 100)`)),
    async close() {
      await server.stop()
      await home[Symbol.asyncDispose]()
    },
  }
}
