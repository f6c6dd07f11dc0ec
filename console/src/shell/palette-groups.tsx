/** What the palette offers, group by group; one without anything to offer is not there. */
import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { CornerDownLeft, ScrollText } from 'lucide-react'
import { useState } from 'react'
import type { LogLine } from '#contract/model.ts'
import { appRules, whyNot } from '#contract/rules.ts'
import type { SearchResult } from '#contract/search.ts'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { setTheme } from '../lib/theme.ts'
import { paths } from '../paths.ts'
import { grouped, kindNames } from '../search/found.ts'
import { named, partsOf, restartable } from '../search/local-things.ts'
import { readRecents } from '../search/recent.ts'
import { ResultItem, group, item } from '../search/result-items.tsx'
import { rooms } from './rooms.ts'

type Go = (href: string, title: string) => void

const themes = [{ name: 'Theme: night', theme: 'night' }, { name: 'Theme: day', theme: 'day' }, { name: 'Theme: system', theme: 'system' }] as const

export function Recents({ go }: { go: Go }) {
  const [recents] = useState(readRecents)
  if (recents.length === 0) return null
  return (
    <Command.Group heading="Recently" className={group}>
      {recents.map(({ title, href }) => (
        <Command.Item key={href} value={`recent ${href}`} className={item} onSelect={() => go(href, title)}>
          <CornerDownLeft size={15} strokeWidth={1.6} aria-hidden />
          {title}
        </Command.Item>
      ))}
    </Command.Group>
  )
}

export function Results({ results, go }: { results: readonly SearchResult[]; go: Go }) {
  return grouped(results).map(({ kind, results: own }) => (
    <Command.Group key={kind} heading={kindNames[kind]} className={group}>
      {own.map((result) => (
        <ResultItem key={`${result.app}/${result.environment}/${result.ref}`} result={result} go={go} />
      ))}
    </Command.Group>
  ))
}

export function Rooms({ text, go }: { text: string; go: Go }) {
  const there = named(rooms, text)
  if (there.length === 0) return null
  return (
    <Command.Group heading="Go to" className={group}>
      {there.map(({ name, href, icon: Icon, key }) => (
        <Command.Item key={name} value={`go ${name}`} className={item} onSelect={() => go(href, name)}>
          <Icon size={15} strokeWidth={1.6} aria-hidden />
          {name}
          <kbd className="ml-auto text-xs text-soft">g {key}</kbd>
        </Command.Item>
      ))}
    </Command.Group>
  )
}

export function Parts({ text, go }: { text: string; go: Go }) {
  const parts = partsOf(useQuery(queries.apps()).data ?? [], text)
  if (parts.length === 0) return null
  return (
    <Command.Group heading="Parts of apps" className={group}>
      {parts.map(({ app, environment, tab, href }) => (
        <Command.Item key={href} value={`part ${href}`} className={item} onSelect={() => go(href, `${app} › ${tab}`)}>
          {app} {environment === 'production' ? '' : `${environment} `}› {tab}
        </Command.Item>
      ))}
    </Command.Group>
  )
}

export function Doings({ text, run, onKeys }: { text: string; run: (action: () => void) => () => void; onKeys: () => void }) {
  const { access } = useSession()
  const restart = useAction('apps.restart', { touches: ['app', 'apps'], done: ({ instances }) => `Restarting ${instances.join(', ')}, one after the other` })
  const asked = text.trim()
  const restarts = restartable(useQuery(queries.apps()).data ?? [], text)
  const looks = asked === '' ? [] : named(themes, text)
  const keys = asked === '' || 'show keys'.includes(asked.toLowerCase())
  if (restarts.length + looks.length === 0 && !keys) return null
  return (
    <Command.Group heading="Do" className={group}>
      {restarts.map((app) => {
        const reason = whyNot(appRules.restart, app.health, access)
        return (
          <Command.Item key={`restart/${app.name}/${app.environment}`} value={`restart ${app.name} ${app.environment}`} disabled={reason !== null} className={item} onSelect={run(() => restart.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: {} }))}>
            Restart {app.name} {app.environment === 'production' ? '' : app.environment}
            {reason === null ? null : <span className="ml-auto text-sm text-soft">{reason}</span>}
          </Command.Item>
        )
      })}
      {looks.map(({ name, theme }) => (
        <Command.Item key={theme} value={`theme ${theme}`} className={item} onSelect={run(() => setTheme(theme))}>
          {name}
        </Command.Item>
      ))}
      {keys ? (
        <Command.Item value="show keys" className={item} onSelect={run(() => setTimeout(onKeys, 0))}>
          Show keys
        </Command.Item>
      ) : null}
    </Command.Group>
  )
}

export function Lines({ asked, lines, go }: { asked: string; lines: readonly LogLine[]; go: Go }) {
  return (
    <Command.Group heading="Log lines" className={group}>
      {lines.map((line) => (
        <Command.Item key={line.cursor} value={`line ${line.cursor}`} className={item} onSelect={() => go(paths.logs({ app: line.app, env: line.environment, line: line.cursor, at: line.at }), `a line of ${line.app}/${line.instance}`)}>
          <span className="shrink-0 text-sm text-soft">
            {line.app}/{line.instance}
          </span>
          <span className="truncate font-mono text-xs">{line.text}</span>
        </Command.Item>
      ))}
      <Command.Item value={`search logs ${asked}`} className={item} onSelect={() => go(paths.logs({ q: asked }), `logs with “${asked}”`)}>
        <ScrollText size={15} strokeWidth={1.6} aria-hidden />
        Search all logs for “{asked}”
      </Command.Item>
    </Command.Group>
  )
}
