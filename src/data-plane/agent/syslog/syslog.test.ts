/** Syslog in, from programs that are not ours: util-linux's logger and Debian's rsyslog. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { localCertificate } from '#test/harness/certificate.ts'
import { tempHome } from '#test/harness/home.ts'
import { startRsyslog, whyNoRsyslog } from '#test/harness/rsyslog.ts'
import { createControlClient } from '../../control-client.ts'
import { logInto } from '../testing/agent-world.ts'
import { controlEnd } from '../testing/control.ts'
import { until } from '../testing/helpers.ts'
import { startSyslog } from './syslog.ts'

const run = promisify(execFile)
const whyNoLogger = existsSync('/usr/bin/logger') ? undefined : 'logger is not installed (Debian: bsdutils): nothing is tried with it'

async function world(t: TestContext) {
  const home = await tempHome()
  const control = await controlEnd()
  const client = createControlClient(control.url, control.token)
  const { certPem, keyPem } = await localCertificate()
  const [certFile, keyFile] = [join(home.home, 'cert.pem'), join(home.home, 'key.pem')]
  await Promise.all([writeFile(certFile, certPem), writeFile(keyFile, keyPem)])
  const places = (['udp', 'tcp', 'tls'] as const).map((over) => ({ over, host: '127.0.0.1', port: 0 }))
  const start = () => startSyslog({ home: home.home, machine: 'node-1', places, certFile, keyFile, control: client, log: logInto([]), pollMs: 50 })
  let server = await start()
  t.after(async () => {
    await server.close()
    client.close()
    await control[Symbol.asyncDispose]()
    await home[Symbol.asyncDispose]()
  })
  const lines = (sender?: string) => [...control.logs.values()].filter(({ batch }) => batch.service === 'syslog' && (sender === undefined || batch.instance === sender)).flatMap(({ entries }) => entries.map((entry) => JSON.parse(entry.text) as { level: string; msg: string; program?: string; pid?: string; host?: string; data?: Record<string, string> }))
  return {
    control, certPem, lines,
    port: (over: string) => String(server.places.find((place) => place.over === over)?.port),
    async restart() {
      await server.close()
      server = await start()
    },
  }
}

test('logger sends by UDP and TCP, in either format, and each line has its level, program and fields', { skip: whyNoLogger ?? false }, async (t) => {
  const { port, lines, control } = await world(t)
  const logger = (...args: string[]) => run('logger', ['-n', '127.0.0.1', ...args])
  const of = (msg: string) => lines().find((line) => line.msg.startsWith(msg))
  const ways: [begins: string, args: string[]][] = [
    ['disk', ['-d', '-P', port('udp'), '--rfc3164', '-t', 'backup', '-p', 'daemon.err', 'disk full']],
    ['growls', ['-d', '-P', port('udp'), '--rfc5424', '-t', 'backup', '--msgid', 'M1', '--sd-id', 'zoo@123', '--sd-param', 'tiger="hungry"', '-p', 'local0.warning', 'growls ä']],
    ['two', ['-T', '-P', port('tcp'), '--rfc5424', '-t', 'counted', '--octet-count', 'two\nlines']],
    ['by line', ['-T', '-P', port('tcp'), '--rfc3164', '-t', 'plain', 'by line feed']],
  ]
  // a datagram may be lost: what has not arrived is said again
  const sayAgain = async () => {
    const missing = ways.filter(([begins]) => of(begins) === undefined)
    for (const [, args] of missing) await logger(...args)
    return missing.length === 0
  }
  await until(sayAgain, { because: 'four lines arrived', everyMs: 500 })
  assert.deepEqual([of('disk')?.level, of('disk')?.program], ['error', 'backup'])
  assert.deepEqual([of('growls')?.level, of('growls')?.data?.['zoo@123.tiger'], of('growls')?.msg], ['warn', 'hungry', 'growls ä'])
  assert.equal(of('by line')?.program, 'plain')
  assert.equal(of('two')?.program, 'counted')
  const { batch, entries } = [...control.logs.values()][0] as NonNullable<ReturnType<typeof control.logs.get>>
  assert.deepEqual([batch.app, batch.environment, batch.service, entries[0]?.stream], ['nightshift', 'system', 'syslog', 'system'])
})

test('rsyslog forwards to us by TCP with counted octets, and nothing is lost over a restart and a control plane that is away', { skip: whyNoRsyslog ?? false }, async (t) => {
  const { port, lines, control, restart } = await world(t)
  await using rsyslog = await startRsyslog(`module(load="imfile") input(type="imfile" file="$FOLDER/in.txt" tag="counter" reopenOnTruncate="on")
action(type="omfwd" target="127.0.0.1" port="${port('tcp')}" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")`)
  control.setAway(true)
  await writeFile(join(rsyslog.folder, 'in.txt'), Array.from({ length: 3000 }, (_, nth) => `number ${nth}\n`).join(''))
  const spooled = until(() => lines().length === 3000, { because: '3000 lines arrived' })
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await restart()
  control.setAway(false)
  await spooled
  assert.deepEqual(lines().map(({ msg }) => msg.trim()), Array.from({ length: 3000 }, (_, nth) => `number ${nth}`))
  assert.deepEqual(control.faults, [])
})

test('TLS takes what plain TCP takes, and only from who speaks TLS', async (t) => {
  const { port, lines, certPem } = await world(t)
  const socket = connectTls({ host: '127.0.0.1', port: Number(port('tls')), ca: certPem, servername: 'localhost' })
  await once(socket, 'secureConnect')
  socket.end('<11>1 - vault app - - - over TLS\n')
  const plain = connect(Number(port('tls')), '127.0.0.1').on('error', () => {})
  plain.end('<11>1 - vault app - - - in the open\n')
  await until(() => lines('vault').length === 1, { because: 'one arrived' })
  assert.deepEqual(lines().map(({ msg }) => msg), ['over TLS'])
})

test('a flood of names is kept under one', async (t) => {
  const { port, lines, control } = await world(t)
  const socket = createSocket('udp4')
  t.after(() => socket.close())
  for (let nth = 0; nth < 260; nth++) {
    socket.send(`<13>1 - host-${nth} p - - - hello`, Number(port('udp')), '127.0.0.1')
    // no more at once than a socket keeps for an agent that has no time
    if (nth % 20 === 19) await until(() => lines().length === nth + 1, { because: `${nth + 1} arrived` })
  }
  assert.equal(control.logs.size, 201)
  assert.equal(lines('others').length, 60)
})
