import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { CornerDownLeft, ScrollText } from 'lucide-react'
import { useEffect, useState } from 'react'
import { appRules, whyNot } from '#contract/rules.ts'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { setTheme } from '../lib/theme.ts'
import { paths } from '../paths.ts'
import { grouped, kindNames, stillNamed } from '../search/found.ts'
import { named, partsOf, restartable } from '../search/local-things.ts'
import { keepRecent, readRecents } from '../search/recent.ts'
import { ResultItem, group, item, valueOf } from '../search/result-items.tsx'
import { useSearch } from '../search/use-search.ts'
import { rooms } from './rooms.ts'

const themes = [{ name: 'Theme: night', theme: 'night' }, { name: 'Theme: day', theme: 'day' }, { name: 'Theme: system', theme: 'system' }] as const

/** The best of the answer is what Enter takes, also when it comes late; unless somebody has moved meanwhile. */
function useBest(text: string, best: string | undefined) {
  const [chosen, choose] = useState('')
  const [moved, setMoved] = useState(false)
  useEffect(() => setMoved(false), [text])
  useEffect(() => {
    if (best !== undefined && !moved) choose(best)
  }, [best, moved])
  return { chosen, choose, onKeyDown: (event: React.KeyboardEvent) => (event.key === 'ArrowDown' || event.key === 'ArrowUp') && setMoved(true) }
}

/** One box for everything: go to, do, search. The server ranks what it knows, the same rules rank what the console offers. */
export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const router = useRouter()
  const { access } = useSession()
  const apps = useQuery(queries.apps()).data ?? []
  const [text, setText] = useState('')
  const [recents] = useState(readRecents)
  const { answer, waiting, failed } = useSearch(text)
  const results = waiting ? stillNamed(answer?.results ?? [], text) : (answer?.results ?? [])
  const { chosen, choose, onKeyDown } = useBest(text, results[0] === undefined ? undefined : valueOf(results[0]))
  const restart = useAction('apps.restart', { touches: ['app', 'apps'], done: ({ instances }) => `Restarting ${instances.join(', ')}, one after the other` })
  const run = (action: () => void) => () => {
    onClose()
    action()
  }
  const go = (href: string, title: string) => {
    keepRecent({ title, href })
    onClose()
    void router.navigate({ href })
  }
  const asked = text.trim()
  const there = named(rooms, text)
  const parts = partsOf(apps, text)
  const restarts = restartable(apps, text)
  const looks = asked === '' ? [] : named(themes, text)
  const keys = asked === '' || 'show keys'.includes(asked.toLowerCase())
  return (
    <Command.Dialog open onOpenChange={(open) => !open && onClose()} label="Find or do" loop shouldFilter={false} value={chosen} onValueChange={choose} onKeyDown={onKeyDown} overlayClassName="fixed inset-0 z-40 bg-veil animate-[fade_120ms]" contentClassName="fixed inset-x-3 top-[8vh] z-50 mx-auto max-w-[680px] overflow-hidden rounded-xl border border-rule bg-sheet shadow-float animate-[rise_140ms] sm:top-[12vh]">
      <Command.Input value={text} onValueChange={setText} placeholder="Go to, do, or search everything" className="w-full border-b border-rule bg-transparent px-5 py-4 text-lg outline-none placeholder:text-soft" />
      <Command.List className="max-h-[62dvh] overflow-y-auto p-2" aria-busy={waiting}>
        {asked !== '' || recents.length === 0 ? null : (
          <Command.Group heading="Recently" className={group}>
            {recents.map(({ title, href }) => (
              <Command.Item key={href} value={`recent ${href}`} className={item} onSelect={() => go(href, title)}>
                <CornerDownLeft size={15} strokeWidth={1.6} aria-hidden />
                {title}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {grouped(results).map(({ kind, results: own }) => (
          <Command.Group key={kind} heading={kindNames[kind]} className={group}>
            {own.map((result) => (
              <ResultItem key={`${result.app}/${result.environment}/${result.ref}`} result={result} go={go} />
            ))}
          </Command.Group>
        ))}
        {there.length === 0 ? null : (
          <Command.Group heading="Go to" className={group}>
            {there.map(({ name, href, icon: Icon, key }) => (
              <Command.Item key={name} value={`go ${name}`} className={item} onSelect={() => go(href, name)}>
                <Icon size={15} strokeWidth={1.6} aria-hidden />
                {name}
                <kbd className="ml-auto text-xs text-soft">g {key}</kbd>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {parts.length === 0 ? null : (
          <Command.Group heading="Parts of apps" className={group}>
            {parts.map(({ app, environment, tab, href }) => (
              <Command.Item key={href} value={`part ${href}`} className={item} onSelect={() => go(href, `${app} › ${tab}`)}>
                {app} {environment === 'production' ? '' : `${environment} `}› {tab}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {restarts.length + looks.length === 0 && !keys ? null : (
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
        )}
        {asked === '' ? null : (
          <Command.Group heading="Log lines" className={group}>
            {(answer?.logs.lines ?? []).map((line) => (
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
        )}
        {failed ? <p className="px-3 py-2 text-sm text-soft">The search could not be asked; rooms and apps are still here.</p> : null}
      </Command.List>
    </Command.Dialog>
  )
}
