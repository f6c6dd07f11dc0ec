/** The environment of a process task: what its release asked for, plus where things are on this machine. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { volumeVariable } from '#contract/names.ts'
import type { TaskSpec } from '../port.ts'
import { appFolder } from '../task-rules.ts'

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export type Places = {
  /** All as the app sees them. */
  app: string
  home: string
  tmp: string
  volumes: ReadonlyMap<string, string>
  /** Folders that come before the system's in PATH. */
  path: readonly string[]
  marker: string
}

export function taskEnvironment(task: TaskSpec, places: Places): Record<string, string> {
  const inApp = ['.venv/bin', 'node_modules/.bin'].map((folder) => join(places.app, folder)).filter((folder) => existsSync(folder))
  const asked = (task.env['PATH'] ?? '').split(':').filter(Boolean).map((folder) => placeOf(folder, places.app))
  const path = [...new Set([...asked, ...inApp, ...places.path, ...systemPath])].join(':')
  const volumes = Object.fromEntries([...places.volumes].map(([name, at]) => [volumeVariable(name), at]))
  const [marker, value] = splitOnce(places.marker)
  return { HOME: places.home, TMPDIR: places.tmp, LANG: 'C.UTF-8', SHELL: '/bin/sh', ...task.env, ...volumes, PATH: path, [marker]: value }
}

/** `/app/bin` is where manifests and builders say the app is; here it lies elsewhere. */
function placeOf(folder: string, app: string): string {
  return folder === appFolder || folder.startsWith(`${appFolder}/`) ? join(app, folder.slice(appFolder.length)) : folder
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf('=')
  return [entry.slice(0, at), entry.slice(at + 1)]
}
