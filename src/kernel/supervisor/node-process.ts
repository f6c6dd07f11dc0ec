/**
 * A process of ours that runs detached: it has its own session, its output goes to a file, and its run record
 * `<home>/run/<name>.json` says who it is, so that whoever comes later finds it again. On a full disk it starts without
 * either: its output goes nowhere, and its starter remembers it and writes the record once there is room.
 */
import { spawn } from 'node:child_process'
import { closeSync, lstatSync, openSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from '#base/clock.ts'
import { isDiskFull } from '#base/disk-full.ts'
import { AppError } from '#base/errors.ts'
import { type ProcessIdentity, identityOf, isAlive, signal } from './identity.ts'
import { readJson, writeJsonIfRoom } from './json-file.ts'
import { holderOf } from './lock.ts'
import { rotateLog } from './log-file.ts'
import type { Found, Managed } from './managed.ts'
import { askStatus } from './status-socket.ts'

export type RunRecord = Found & { name: string; version: string; args: string[] }

export function recordFile(home: string, name: string): string {
  return join(home, 'run', `${name}.json`)
}

export function statusSocketOf(home: string, name: string): string {
  return join(home, 'run', `${name}.status.sock`)
}

/** The record of a process that lives, or undefined. */
export function findRecorded(home: string, name: string): RunRecord | undefined {
  const record = readJson(recordFile(home, name), (value) => value as RunRecord)
  return record && typeof record.pid === 'number' && isAlive(record) ? record : undefined
}

/** The log to append to; nowhere when there is no room for one. */
function openLog(file: string): number {
  try {
    rotateLog(file)
    return openSync(file, 'a', 0o600)
  } catch (error) {
    if (!isDiskFull(error)) throw error
    return openSync('/dev/null', 'a')
  }
}

/** What a process takes while it runs, so that there is one of each in a home. */
export function lockFileOf(home: string, name: string): string {
  return join(home, 'run', `${name}.lock`)
}

/**
 * The living process: by its record, else by its lock. A supervisor that dies between a start and the record leaves a
 * process nobody wrote down; no other can start while that one lives, so it must be found, and be replaced.
 */
function findLiving(home: string, name: string): Found | undefined {
  const recorded = findRecorded(home, name)
  if (recorded) return recorded
  const lockFile = lockFileOf(home, name)
  const holder = holderOf(lockFile)
  const takenAt = holder && lstatSync(lockFile, { throwIfNoEntry: false })?.mtime
  return holder && { ...holder, fingerprint: 'unrecorded', startedAt: (takenAt ?? new Date()).toISOString() }
}

async function goneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; isAlive(identity); await sleep(15)) if (Date.now() > end) return false
  return true
}

/** Signals, waits, then kills. Returns when the process is gone. Idempotent. */
async function endProcess(identity: ProcessIdentity, options: { signal: NodeJS.Signals; graceMs: number }): Promise<void> {
  if (signal(identity, options.signal) && (await goneWithin(identity, options.graceMs))) return
  signal(identity, 'SIGKILL')
  if (!(await goneWithin(identity, 10_000))) throw new AppError('unavailable', `process ${identity.pid} does not end (it may wait for a disk that does not answer)`)
}

export function nodeProcess(options: {
  home: string
  name: string
  version: string
  /** The program and its arguments. No secret among them: everybody on the machine can read them. */
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** Stands for what is not in `args`: a hash of the settings in the environment. */
  fingerprint: string
  needs: string[]
  graceMs: number
}): Managed {
  const { home, name, version, args } = options
  const logFile = join(home, 'log', `${name}.log`)
  const file = recordFile(home, name)
  /** Of the process that was started when the disk had no room for its record. */
  let unwritten: RunRecord | undefined

  function find(): Found | undefined {
    if (unwritten && (!isAlive(unwritten) || writeJsonIfRoom(file, unwritten))) unwritten = undefined
    return unwritten ?? findLiving(home, name)
  }

  let waitingFor: Promise<'ready' | 'starting' | 'silent'> | undefined

  return {
    name,
    fingerprint: options.fingerprint,
    needs: options.needs,
    startupMs: 120_000,
    hangMs: 30_000,
    probeEveryMs: 1000,
    logFile,
    find,
    probe() {
      waitingFor ??= askStatus(statusSocketOf(home, name), 3000)
        .then((report) => (report === undefined ? 'silent' : report.ready ? 'ready' : 'starting'))
        .finally(() => (waitingFor = undefined))
      return waitingFor
    },
    async start(onExit) {
      rmSync(statusSocketOf(home, name), { force: true })
      const log = openLog(logFile)
      try {
        const child = spawn(options.command, args, { detached: true, env: options.env, cwd: home, stdio: ['ignore', log, log] })
        child.once('exit', onExit)
        await new Promise<void>((resolve, reject) => {
          child.once('spawn', resolve)
          child.once('error', reject)
        })
        const identity = identityOf(child.pid ?? 0)
        child.unref()
        if (!identity) return
        const record: RunRecord = { ...identity, name, version, args, fingerprint: options.fingerprint, startedAt: new Date().toISOString() }
        unwritten = writeJsonIfRoom(file, record) ? undefined : record
      } finally {
        closeSync(log)
      }
    },
    async stop() {
      const found = find()
      if (found) await endProcess(found, { signal: 'SIGTERM', graceMs: options.graceMs })
      rmSync(file, { force: true })
    },
    async kill() {
      const found = find()
      if (found) await endProcess(found, { signal: 'SIGKILL', graceMs: 10_000 })
      rmSync(file, { force: true })
    },
  }
}
