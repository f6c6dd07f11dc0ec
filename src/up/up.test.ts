import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempHome } from '#test/harness/home.ts'
import { bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'
import { lastWords } from './last-words.ts'
import { machineOf, prepareHome, readConfig } from './home.ts'
import { parseProcessOptions } from './options.ts'
import { chooseConfig } from './ports.ts'

const free = { driver: 'process' as const, held: () => false, movable: false }

test('a wrong flag or value is refused with the way out', () => {
  const parse = (command: string, ...args: string[]) => parseProcessOptions(command, args, {})
  assert.throws(() => parse('up', '--api-prot', '1'), /did you mean --api-port\?/)
  assert.throws(() => parse('down', '--api-port', '1'), /nightshift down takes no --api-port/)
  assert.throws(() => parse('up', '--http-port', '70000'), /is not a port/)
  assert.throws(() => parse('up', '--http-port', '-1'), /http-port/)
  assert.throws(() => parse('up', '--driver', 'podman'), /--driver podman does not exist/)
  assert.equal(parseProcessOptions('up', [], { NIGHTSHIFT_HOME: '/srv/x' }).home, '/srv/x')
  assert.equal(parseProcessOptions('up', ['--home', '/srv/y'], { NIGHTSHIFT_HOME: '/srv/x' }).home, '/srv/y')
})

test('keys are made once, private, and never a second time', async () => {
  await using folder = await tempHome()
  prepareHome(folder.home)
  const keys = join(folder.home, 'keys')
  const read = () => Object.fromEntries(readdirSync(keys).map((name) => [name, readFileSync(join(keys, name), 'utf8')]))
  const first = read()
  assert.deepEqual(Object.keys(first).toSorted(), ['admin.token', 'machine.token', 'secret.key'])
  assert.equal(Buffer.from(first['secret.key'] ?? '', 'base64').length, 32)
  for (const name of Object.keys(first)) assert.equal(statSync(join(keys, name)).mode & 0o777, 0o600)
  for (const name of ['keys', 'run', 'log']) assert.equal(statSync(join(folder.home, name)).mode & 0o777, 0o700)
  prepareHome(folder.home)
  assert.deepEqual(read(), first)
})

test('a port that another program has is refused by name, and 0 takes any free one', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  try {
    const options = parseProcessOptions('up', ['--api-port', String(port), '--http-port', '0', '--driver', 'process'], {})
    await assert.rejects(chooseConfig(options, undefined, free), new RegExp(`127\\.0\\.0\\.1:${port}: it is taken .*--api-port 0`))
    const chosen = await chooseConfig({ ...options, apiPort: 0 }, undefined, free)
    assert.ok(chosen.apiPort > 0 && chosen.apiPort !== port && chosen.httpPort > 0)
    const again = await chooseConfig({ ...options, apiPort: 0 }, chosen, free)
    assert.equal(again.apiPort, chosen.apiPort, 'a port once chosen is kept')
    assert.equal((await chooseConfig(options, undefined, { ...free, held: (each, flag) => each === port && flag === 'api-port' })).apiPort, port, 'a port our own process has is ours')
  } finally {
    other.close()
  }
})

test('no port is given twice: two asked for are refused, one that nobody asked for moves, and says so', async () => {
  const parse = (...flags: string[]) => parseProcessOptions('up', [...flags, '--driver', 'process'], {})
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  const spare = (await chooseConfig(parse('--api-port', '0', '--http-port', '0'), undefined, free)).apiPort
  await assert.rejects(chooseConfig(parse('--api-port', String(spare), '--http-port', String(spare)), undefined, free), new RegExp(`^.*--api-port and --http-port are both ${spare} \\(give each a port of its own`))
  const saved = { ...(await chooseConfig(parse('--api-port', '0', '--http-port', '0'), undefined, free)), databasePort: spare }
  const chosen = await chooseConfig(parse('--api-port', String(spare)), saved, { ...free, say })
  assert.equal(chosen.apiPort, spare)
  assert.notEqual(chosen.databasePort, spare)
  assert.match(said.join(), new RegExp(`port ${spare} cannot be had \\(--api-port has it\\): database on ${chosen.databasePort} from now on`))
})

test('ports that the system chooses are never the same, however often it names one', async () => {
  const options = parseProcessOptions('up', ['--api-port', '0', '--http-port', '0', '--https-port', '0', '--dns-port', '0', '--driver', 'process'], {})
  for (let n = 0; n < 40; n++) {
    const { apiPort, httpPort, httpsPort, dnsPort, databasePort } = await chooseConfig(options, undefined, free)
    assert.equal(new Set([apiPort, httpPort, httpsPort, dnsPort, databasePort]).size, 5)
  }
})

test('a DNS port that was asked for by number is refused where it is taken, as every other', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as { port: number }
  try {
    const options = parseProcessOptions('up', ['--api-port', '0', '--http-port', '0', '--dns-port', String(port), '--driver', 'process'], {})
    await assert.rejects(chooseConfig(options, undefined, free), /it is taken by another program \(choose another with --dns-port N/)
    const said: string[] = []
    const moved = await chooseConfig({ ...options, dnsPort: undefined }, { ...(await chooseConfig({ ...options, dnsPort: 0 }, undefined, free)), dnsPort: port }, { ...free, say: (text) => void said.push(text) })
    assert.match(said.join(), new RegExp(`port ${port} is taken by another program: DNS of \\*\\.internal on ${moved.dnsPort} from now on \\(another: --dns-port N\\)`))
  } finally {
    other.close()
  }
})

test('the last line of a log tells why its process ended, where it does', async () => {
  await using folder = await tempHome()
  const file = join(folder.home, 'control.log')
  const words = (text: string) => (writeFileSync(file, text), lastWords(file))
  assert.equal(words('{"level":"info","msg":"control starts"}\nerror: control cannot listen on 127.0.0.1:7911\n'), 'control cannot listen on 127.0.0.1:7911')
  assert.equal(words('{"level":"fatal","err":{"message":"out of disk"},"msg":"x"}\n'), 'out of disk')
  assert.equal(words('{"level":"info","msg":"control is ready"}\n'), undefined)
  assert.equal(words(''), undefined)
  assert.equal(lastWords(join(folder.home, 'none.log')), undefined)
})

test('any host name becomes a machine name', () => {
  assert.equal(machineOf('Web_01.Example.com'), 'web-01-example-com')
  assert.equal(machineOf('---'), 'machine')
  assert.equal(machineOf('a'.repeat(80)).length, 63)
})

test('config.json that was edited into nonsense is named, with the field', async () => {
  await using folder = await tempHome()
  writeFileSync(join(folder.home, 'config.json'), '{"machine":"a","apiHost":"127.0.0.1","apiPort":"x"}')
  assert.throws(() => readConfig(folder.home), /config\.json is not right at "apiPort": "x"/)
})

test('one home has one supervisor; status and down speak of it, from any folder, through a link', async () => {
  await using nightshift = await bootNightshift()
  const { home } = nightshift
  const second = await nightshift.cli(['up', '--home', home])
  assert.equal(second.code, 1)
  assert.match(second.stderr, /is already up \(pid \d+/)
  const alone = await nightshift.cli(['agent', '--home', home])
  assert.match(alone.stderr, /the agent of .* runs already \(pid \d+\)/)

  const database = await nightshift.cli(['postgres', '--home', home])
  assert.match(database.stderr, /the postgres of .* runs already, kept by nightshift up \(pid \d+/)

  const link = join(home, 'link')
  symlinkSync(join(import.meta.dirname, '../../bin/nightshift'), link)
  const status = await nightshift.cli(['status', '--json'], { cwd: '/' })
  assert.equal(status.code, 0)
  const seen = JSON.parse(status.stdout) as { api: { reachable: boolean }; processes: { name: string; state: string; memoryBytes: number }[] }
  assert.ok(seen.api.reachable)
  assert.deepEqual(seen.processes.map(({ name, state }) => `${name} ${state}`), ['supervisor ready', 'control ready', 'agent ready', 'proxy ready'])
  for (const { memoryBytes } of seen.processes) assert.ok(memoryBytes > 0)
  assert.equal(statSync(join(home, 'ready.json')).mode & 0o777, 0o600, 'it holds a login link')

  // down without a supervisor: by the run records
  nightshift.kill('supervisor')
  await until(() => nightshift.pid('supervisor') === undefined, { because: 'the supervisor is gone' })
  assert.ok(nightshift.pid('control'), 'the others live on')
  const orphaned = await nightshift.cli(['status'])
  assert.equal(orphaned.code, 1)
  assert.match(orphaned.stdout, /supervisor +down.*nothing restarts what ends/)
  await nightshift.down()
  assert.equal(nightshift.pid('control'), undefined)
  const down = await nightshift.cli(['down'])
  assert.equal(down.code, 0, 'down twice is harmless')
  assert.match(down.stdout, /is not running in .*: there was nothing to stop/)
})
