/**
 * `npm test`: everything. `npm test -- FILE…`: those test files alone. One PostgreSQL serves all files; what this machine
 * cannot run is one loud line; the last line counts. With NIGHTSHIFT_TEST_ALL=1 (.ci/run) a skipped test is a failure.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { AppError } from '#base/errors.ts'
import { formatDuration } from '#base/units.ts'
import { engineAnswers } from '#test/harness/docker.ts'
import { startTestServer } from '#test/harness/postgres.ts'
import { type Check, runChecks } from './checks.ts'
import { buildConsole } from './console-build.ts'
import type { Counts } from './test-reporter.ts'

const root = join(import.meta.dirname, '..')
const say = (text: string) => void process.stdout.write(`${text}\n`)
const startedAt = performance.now()

function findOnPath(names: string[]): string | undefined {
  return names.flatMap((name) => (process.env['PATH'] ?? '').split(':').map((folder) => join(folder, name))).find((file) => existsSync(file))
}

/** What tests need and this machine has not: each a line nobody overlooks. */
async function missingCapabilities(): Promise<string[]> {
  const missing: string[] = []
  if (process.platform !== 'linux') missing.push(`this is ${process.platform}: tests of control groups, mounts and /proc are skipped`)
  else if (process.getuid?.() !== 0) missing.push('not root: tests of limits (control groups) and of users of their own are skipped')
  if (!(await engineAnswers(process.env['DOCKER_HOST']))) missing.push('no Docker engine answers: tests of the docker driver are skipped')
  if (!findOnPath(['chromium', 'chromium-browser', 'google-chrome', 'chrome'])) missing.push('no Chromium: tests of the console are skipped')
  for (const program of ['git', 'python3', 'redis-server']) if (!findOnPath([program])) missing.push(`no ${program}: tests that need it are skipped`)
  return missing
}

function testFiles(asked: string[]): string[] {
  if (asked.length === 0) return ['src/**/*.test.ts', 'scripts/**/*.test.ts', 'console/src/**/*.test.ts', 'bench/**/*.test.ts']
  for (const file of asked) if (!/[*?{]/.test(file) && !existsSync(resolve(root, file))) throw new AppError('not-found', `there is no test file ${file}`)
  return asked
}

/** A whole run takes a quarter of an hour; what is not over after this hangs, is named, and is ended. */
const runBoundMs = 35 * 60_000

/** Runs node:test; resolves to what it counted. A run that ends without counting is one failure. `mark`: see leftProcesses. */
function runTests(files: string[], mark: string, env: NodeJS.ProcessEnv): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-test-run-'))
  const countsFile = join(folder, 'counts.json')
  const junit = process.env['NIGHTSHIFT_JUNIT']
  const reporters = ['--test-reporter', join(import.meta.dirname, 'test-reporter.ts'), '--test-reporter-destination', 'stdout']
  if (junit) reporters.push('--test-reporter', 'junit', '--test-reporter-destination', resolve(junit))
  const child = spawn(process.execPath, ['--import', join(import.meta.dirname, 'test-bound.ts'), '--test', '--test-concurrency=2', '--test-timeout=600000', ...reporters, ...files], {
    cwd: root,
    env: { ...env, NIGHTSHIFT_TEST_RUN: mark, NIGHTSHIFT_TEST_COUNTS: countsFile },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  let ended = 0
  const bound = setTimeout(() => {
    for (const { pid, command } of leftProcesses(mark)) {
      if (pid === child.pid) continue
      say(`✗ the run is not over after ${formatDuration(runBoundMs)}; ended: ${pid} ${command}`)
      killIfThere(pid)
      ended++
    }
  }, runBoundMs)
  return new Promise((resolveCounts) => {
    child.on('close', (code) => {
      clearTimeout(bound)
      let counts: Counts = { passed: 0, failed: 1, skipped: 0 }
      if (existsSync(countsFile)) counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Counts
      counts.failed += ended
      if (code !== 0 && counts.failed === 0) counts.failed = 1
      rmSync(folder, { recursive: true, force: true })
      resolveCounts(counts)
    })
  })
}

/** Milliseconds since a process started: field 22 of proc_pid_stat(5), in hundredths of a second since boot. */
function ageOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) / 100
  return 1000 * (Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) - started)
}

/** Processes that tests started and left: they carry the mark of this run in their environment, or work in a test's folder that is gone. */
function leftProcesses(mark: string): { pid: number; command: string }[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const marked = readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`NIGHTSHIFT_TEST_RUN=${mark}\0`)
      const homeless = /\/(nightshift-|ns-)[^/]+(\/.*)? \(deleted\)$/.test(readlinkSync(`/proc/${pid}/cwd`))
      if (!marked && !(homeless && ageOf(pid) < performance.now() - startedAt)) return []
      return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }]
    } catch {
      return []
    }
  })
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // ended meanwhile
  }
}

function sayChecks(checks: Check[], counts: Counts): void {
  for (const { name, ok, output, ms } of checks) {
    say(ok ? `✓ ${name.padEnd(62)} ${formatDuration(ms)}` : `✗ ${name}\n${output}\n`)
    counts[ok ? 'passed' : 'failed']++
  }
}

async function main(): Promise<boolean> {
  const asked = process.argv.slice(2)
  const files = testFiles(asked)
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const line of await missingCapabilities()) say(`!! NOT TESTED HERE: ${line}`)

  if (asked.length === 0) sayChecks(await runChecks(), counts)
  if (await buildConsole()) say(`console built, ${formatDuration(performance.now() - startedAt)} after the start`)

  const mark = `${process.pid}-${Date.now()}`
  const server = await startTestServer()
  try {
    const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
    const ran = await runTests(files, mark, { ...process.env, PATH: path, NIGHTSHIFT_TEST_DATABASE_URL: server.url })
    for (const key of ['passed', 'failed', 'skipped'] as const) counts[key] += ran[key]
  } finally {
    await server.stop()
  }
  await new Promise((settled) => setTimeout(settled, 500)) // watchers end a moment after what they watch
  const left = leftProcesses(mark)
  for (const { pid, command } of left) say(`✗ a test left a process: ${pid} ${command}`)
  if (left.length > 0) counts.failed++

  const strict = process.env['NIGHTSHIFT_TEST_ALL'] === '1' && counts.skipped > 0
  if (strict) say('✗ tests were skipped, and this run must skip none')
  say(`\n${formatDuration(performance.now() - startedAt)}`)
  say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return counts.failed === 0 && !strict
}

try {
  process.exitCode = (await main()) ? 0 : 1
} catch (error) {
  say(`error: ${error instanceof AppError ? error.message : error instanceof Error ? error.stack : String(error)}`)
  say('0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}
