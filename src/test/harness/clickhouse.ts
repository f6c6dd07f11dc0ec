/** Debian's ClickHouse in a folder of its own, on a free port. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tempHome } from './home.ts'
import { freePort } from './port.ts'
import { until } from './wait.ts'

const program = '/usr/sbin/clickhouse-server'
/** Why it cannot be started here; undefined if it can. */
export const whyNoClickhouse = existsSync(program) ? undefined : 'ClickHouse is not installed (Debian: clickhouse-server): lines kept in it are not tried'

export async function startClickhouse(): Promise<{ url: string } & AsyncDisposable> {
  const folder = await tempHome('ns-clickhouse-')
  const [http, tcp] = [await freePort(), await freePort()]
  const [config, users] = [join(folder.home, 'config.xml'), join(folder.home, 'users.xml')]
  await writeFile(users, '<yandex><profiles><default></default></profiles><users><default><password>geheim</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users><quotas><default></default></quotas></yandex>')
  await writeFile(config, `<yandex><logger><level>error</level><console>1</console></logger><http_port>${http}</http_port><tcp_port>${tcp}</tcp_port><listen_host>127.0.0.1</listen_host><path>${folder.home}/data/</path><tmp_path>${folder.home}/tmp/</tmp_path><mark_cache_size>67108864</mark_cache_size><users_config>${users}</users_config><default_profile>default</default_profile><default_database>default</default_database></yandex>`)
  const child = spawn(program, [`--config-file=${config}`], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${http}`
  const close = async () => {
    child.kill('SIGKILL')
    await ended
    await folder[Symbol.asyncDispose]()
  }
  try {
    await until(async () => (await fetch(`${url}/`)).status < 500, { everyMs: 100, because: 'ClickHouse answers' })
  } catch (error) {
    await close()
    throw error
  }
  return { url: `http://default:geheim@127.0.0.1:${http}`, [Symbol.asyncDispose]: close }
}
