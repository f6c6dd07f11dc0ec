/** Debian's MariaDB in a folder of its own, on a free port, as a user without rights. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tempHome } from './home.ts'
import { freePort } from './port.ts'
import { until } from './wait.ts'

const program = '/usr/sbin/mariadbd'
/** Why it cannot be started here, or false. */
export const whyNoMariadb = [program, '/usr/bin/my_print_defaults'].every((file) => existsSync(file)) ? false : 'MariaDB is not installed (Debian: mariadb-server-core, mariadb-client-core): queries of MySQL are not tried on a real server'

/** `nobody`, where a test runs as root: the server refuses to be root. */
const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** `setup`: statements that it runs before it takes connections. With a certificate it offers TLS. */
export async function startMariadb({ setup, certificate }: { setup: readonly string[]; certificate?: { certPem: string; keyPem: string } }): Promise<{ port: number } & AsyncDisposable> {
  const folder = await tempHome('ns-mariadb-')
  const file = (name: string) => join(folder.home, name)
  const port = await freePort()
  await writeFile(file('setup.sql'), setup.map((statement) => `${statement};\n`).join(''))
  await writeFile(file('cert.pem'), certificate?.certPem ?? '')
  await writeFile(file('key.pem'), certificate?.keyPem ?? '')
  await mkdir(file('data'))
  await chmod(folder.home, 0o711)
  if (user.uid !== undefined) for (const name of ['data', 'key.pem']) await chown(file(name), user.uid, user.gid)
  await promisify(execFile)('mariadb-install-db', ['--no-defaults', `--datadir=${file('data')}`, '--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'], user)
  const tls = certificate === undefined ? [] : [`--ssl-cert=${file('cert.pem')}`, `--ssl-key=${file('key.pem')}`]
  const child = spawn(program, ['--no-defaults', `--datadir=${file('data')}`, `--socket=${file('data/socket')}`, `--pid-file=${file('data/pid')}`, `--port=${port}`, '--bind-address=127.0.0.1', `--init-file=${file('setup.sql')}`, '--innodb-buffer-pool-size=16M', '--skip-name-resolve', '--character-set-server=utf8mb4', ...tls], { stdio: 'ignore', ...user })
  const ended = once(child, 'exit')
  const close = async () => {
    child.kill('SIGKILL')
    await ended
    await folder[Symbol.asyncDispose]()
  }
  try {
    await until(() => answers(port), { everyMs: 100, because: 'MariaDB answers' })
  } catch (error) {
    await close()
    throw error
  }
  return { port, [Symbol.asyncDispose]: close }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'data')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
