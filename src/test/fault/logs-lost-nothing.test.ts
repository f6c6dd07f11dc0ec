/**
 * An app counts into its log while agent, control and database are killed, and while the database stands still for longer
 * than the spool holds: every number is stored once and in order, or a line says there how many are missing.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { appFetch } from '#test/harness/fetch.ts'
import { type ProcessName, type TestNightshift, bootNightshift } from '#test/harness/nightshift.ts'
import { until } from '#test/harness/wait.ts'

/** Writes 4000 numbered lines a second from its start; `/burst?lines=&bytes=` writes more at once; `/stop` ends it and tells how many there were. */
const counter = `
import { createServer } from 'node:http'
import { writeSync } from 'node:fs'
let next = 0
function write(count, bytes = 60) {
  const rest = 'x'.repeat(Math.max(0, bytes - 12))
  let text = ''
  for (let end = next + count; next < end; next++) text += 'n=' + String(next).padStart(8, '0') + ' ' + rest + '\\n'
  const data = Buffer.from(text)
  for (let at = 0; at < data.length; ) at += writeSync(1, data, at)
}
const timer = setInterval(() => write(40), 10)
createServer((request, response) => {
  const url = new URL(request.url, 'http://app')
  if (url.pathname === '/burst') write(Number(url.searchParams.get('lines')), Number(url.searchParams.get('bytes')))
  if (url.pathname === '/stop') clearInterval(timer)
  response.end(String(next))
}).listen(Number(process.env.PORT))
`

type Line = { stream: string; text: string }

async function bootCounter(t: TestContext): Promise<TestNightshift> {
  const nightshift = await bootNightshift({ embeddedDatabase: true })
  t.after(() => nightshift[Symbol.asyncDispose]())
  const folder = join(nightshift.home, 'source')
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'counter', type: 'module', scripts: { start: 'node server.js' } }))
  await writeFile(join(folder, 'server.js'), counter)
  const { code, stdout, stderr } = await nightshift.cli(['deploy', folder, '--app', 'counter'])
  assert.equal(code, 0, stdout + stderr)
  await until(async () => Number(await newest(nightshift)) > 4000, { because: 'lines arrive' })
  return nightshift
}

/** The number of the app's next line. */
async function ask(nightshift: TestNightshift, path: string): Promise<number> {
  const response = await appFetch(nightshift.url('counter', path))
  const text = await response.text()
  assert.match(text, /^\d+$/, `${path} is answered with ${response.status}`)
  return Number(text)
}

/** The numbered lines and what is said of lost ones, oldest first. */
async function timeline({ client }: TestNightshift): Promise<Line[]> {
  const pages: Line[][] = []
  for (let before: string | undefined; ; ) {
    const page = await client.call('logs.list', { query: { app: 'counter', limit: 1000, ...(before === undefined ? {} : { before }) } })
    pages.push(page.lines.filter(({ stream, text }) => text.startsWith('n=') || stream === 'system'))
    if (page.next === null) return pages.reverse().flat()
    before = page.next
  }
}

/** Throws where a number comes twice, out of order, or is missing without its being said there and counted right. */
function check(lines: readonly Line[], total: number): { stored: number; lost: number } {
  let expected = 0
  let lost = 0
  let said = 0
  for (const { stream, text } of lines) {
    if (stream === 'system') {
      said += Number(/^(\d+) lines? w/.exec(text)?.[1] ?? 0)
      continue
    }
    const number = Number(text.slice(2, 10))
    assert.equal(number - expected, said, `before line ${number}, after line ${expected - 1}: so many are missing as are said to be`)
    lost += said
    said = 0
    expected = number + 1
  }
  assert.equal(expected + said, total, 'the last number is there')
  return { stored: expected - lost, lost }
}

const newest = async ({ client }: TestNightshift) => (await client.call('logs.list', { query: { app: 'counter', limit: 1 } })).lines[0]?.text.slice(2, 10)

function allStored(nightshift: TestNightshift, total: number): Promise<unknown> {
  return until(async () => Number(await newest(nightshift)) === total - 1, { timeoutMs: 60_000, everyMs: 250, because: `line ${total - 1} is stored` })
}

async function residentMb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024 // a process that has ended holds none
}

/** The database's processes: frozen with all its connections, as on a disk that does not answer. */
async function databasePids(nightshift: TestNightshift): Promise<number[]> {
  const main = nightshift.pid('postgres') as number
  const pids = [main]
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    if (Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === main) pids.push(Number(name))
  }
  return pids
}

/** What the output of all tasks takes on the disk. */
async function spoolBytes(home: string): Promise<number> {
  const folder = join(home, 'agent', 'tasks')
  const sizes = await Promise.all((await readdir(folder)).map((task) => stat(join(folder, task, 'stdout.log')).catch(() => null)))
  return sizes.reduce((sum, info) => sum + (info?.blocks ?? 0) * 512, 0)
}

test('kill -9 of agent, control and database under a counting writer loses and repeats no line', { timeout: 120_000 }, async (t) => {
  const nightshift = await bootCounter(t)
  for (const name of ['agent', 'control', 'postgres', 'agent'] satisfies ProcessName[]) {
    const before = await newest(nightshift)
    await nightshift.back(name, nightshift.kill(name))
    await until(async () => Number(await newest(nightshift)) > Number(before) + 4000, { because: `lines arrive again after ${name} was killed` })
  }
  const total = await ask(nightshift, '/stop')
  await allStored(nightshift, total)
  assert.deepEqual(check(await timeline(nightshift), total), { stored: total, lost: 0 })
})

test('a database that stands still costs lines only beyond the spool, counted where they are missing, and no memory', { timeout: 120_000 }, async (t) => {
  const nightshift = await bootCounter(t)
  const frozen = await databasePids(nightshift)
  const thaw = () => frozen.forEach((pid) => { try { process.kill(pid, 'SIGCONT') } catch {} })
  t.after(thaw)
  for (const pid of frozen) process.kill(pid, 'SIGSTOP')
  const peak = { agent: 0, control: 0 }
  const look = async () => {
    for (const name of ['agent', 'control'] as const) {
      const pid = nightshift.pid(name)
      if (pid !== undefined) peak[name] = Math.max(peak[name], await residentMb(pid).catch(() => 0))
    }
  }
  // 120 MB where 64 are kept
  for (let nth = 0; nth < 12; nth++) {
    await ask(nightshift, '/burst?lines=10000&bytes=1000')
    await look()
  }
  nightshift.kill('agent')
  const seen = (condition: () => Promise<boolean>, because: string) =>
    until(async () => { await look(); return condition() }, { timeoutMs: 60_000, everyMs: 250, because })
  await seen(async () => (await spoolBytes(nightshift.home)) < 70 * 1024 ** 2, 'what outgrew the bound of the spool is given up')
  thaw()
  const total = await ask(nightshift, '/stop')
  await seen(async () => Number(await newest(nightshift)) === total - 1, `line ${total - 1} is stored`)
  const { lost } = check(await timeline(nightshift), total)
  assert.ok(lost > 25_000, `${lost} lines were given up`)
  assert.ok(peak.agent < 200 && peak.control < 400, `resident at most: agent ${Math.round(peak.agent)} MB, control ${Math.round(peak.control)} MB`)
  t.diagnostic(`${total} lines, ${lost} given up and counted; resident at most: agent ${Math.round(peak.agent)} MB, control ${Math.round(peak.control)} MB`)
})
