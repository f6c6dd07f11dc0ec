/** The journal as it grows keeps the cache true: each event says which questions have new answers. */
import type { QueryClient } from '@tanstack/react-query'
import type { JournalEvent } from '#contract/model.ts'
import { connection } from './connection.ts'
import { follow } from './streams.ts'

/** The part of a kind before the dot → the first words of the keys to refresh. */
const touches: Record<string, readonly string[]> = {
  app: ['apps', 'app', 'tonight', 'map', 'changes', 'why'],
  environment: ['apps', 'app'],
  build: ['builds'],
  release: ['apps', 'app', 'releases', 'tonight', 'manifest', 'changes', 'why'],
  rollout: ['app', 'apps', 'releases', 'bake', 'changes', 'why'],
  bake: ['bake'],
  config: ['config', 'releases', 'changes'],
  secret: ['config', 'releases', 'changes'],
  scale: ['app', 'apps', 'manifest', 'map', 'changes'],
  domain: ['routes', 'app', 'changes'],
  certificate: ['routes', 'changes'],
  instance: ['app', 'apps', 'map', 'tonight', 'why'],
  remediation: ['remediations', 'healing', 'tonight', 'why'],
  check: ['checks', 'check', 'tonight'],
  maintenance: ['windows', 'checks'],
  rule: ['rules'],
  slo: ['slos'],
  alert: ['alerts', 'rules', 'slos', 'tonight', 'why'],
  healing: ['healing', 'remediations'],
  disk: ['machines'],
  volume: ['app'],
  machine: ['machines', 'map', 'tonight', 'why'],
  token: ['tokens'],
  dashboard: ['dashboards'],
}

/** After an event the page is right this soon; where events come without end, it asks this often. */
const [soonMs, calmMs] = [250, 1500]

const eventListeners = new Set<(event: JournalEvent) => void>()

/** Hears every event from now on. Returns how to stop. */
export function onEvent(listener: (event: JournalEvent) => void): () => void {
  eventListeners.add(listener)
  return () => eventListeners.delete(listener)
}

export function startLive(client: QueryClient): () => void {
  const stop = new AbortController()
  const stale = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastAt = 0
  const refresh = () => {
    timer = undefined
    lastAt = Date.now()
    const words = [...stale]
    stale.clear()
    for (const word of words) void client.invalidateQueries({ queryKey: [word] })
  }
  let wasLost = false
  const unwatch = connection.subscribe(() => {
    // what the stream missed while the cache was wrong: ask everything again, once
    if (connection.now() === 'lost') wasLost = true
    else if (wasLost) {
      wasLost = false
      void client.invalidateQueries()
    }
  })
  void follow(
    'events.stream',
    {},
    (event) => {
      for (const listener of eventListeners) listener(event)
      for (const word of touches[event.kind.split('.')[0] as string] ?? []) stale.add(word)
      timer ??= setTimeout(refresh, Math.max(soonMs, lastAt + calmMs - Date.now()))
    },
    { signal: stop.signal, endless: true },
  ).catch(() => {})
  return () => {
    stop.abort()
    unwatch()
    clearTimeout(timer)
  }
}
