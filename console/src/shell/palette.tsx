import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { useState } from 'react'
import { appRules, whyNot } from '#contract/rules.ts'
import { HealthMark } from '../components/health.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { useSession } from '../data/use-session.ts'
import { setTheme } from '../lib/theme.ts'
import { paths } from '../paths.ts'
import { rooms } from './rooms.ts'

const item = 'flex cursor-pointer items-center gap-3 rounded-md px-3 py-2 data-[selected=true]:bg-accent-wash data-[disabled=true]:opacity-60'
const group = '[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-soft'

/** One box for everything: go to, do, search. */
export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const router = useRouter()
  const { access } = useSession()
  const apps = useQuery(queries.apps()).data ?? []
  const [text, setText] = useState('')
  const restart = useAction('apps.restart', { touches: ['app', 'apps'], done: ({ instances }) => `Restarting ${instances.join(', ')}, one after the other` })
  const run = (action: () => void) => () => {
    onClose()
    action()
  }
  const go = (href: string) => run(() => void router.navigate({ href }))
  return (
    <Command.Dialog open onOpenChange={(open) => !open && onClose()} label="Find or do" loop overlayClassName="fixed inset-0 z-40 bg-veil animate-[fade_120ms]" contentClassName="fixed inset-x-3 top-[8vh] z-50 mx-auto max-w-[600px] overflow-hidden rounded-xl border border-rule bg-sheet shadow-float animate-[rise_140ms] sm:top-[14vh]">
      <Command.Input value={text} onValueChange={setText} placeholder="Go to, do, or search logs" className="w-full border-b border-rule bg-transparent px-5 py-4 text-lg outline-none placeholder:text-soft" />
      <Command.List className="max-h-[56dvh] overflow-y-auto p-2">
        <Command.Group heading="Go to" className={group}>
          {rooms.map(({ name, href, icon: Icon, key }) => (
            <Command.Item key={name} value={`go ${name}`} className={item} onSelect={go(href)}>
              <Icon size={15} strokeWidth={1.6} aria-hidden />
              {name}
              <kbd className="ml-auto text-xs text-soft">g {key}</kbd>
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Apps" className={group}>
          {apps.map((app) => (
            <Command.Item key={`${app.name}/${app.environment}`} value={`${app.name} ${app.environment}`} className={item} onSelect={go(paths.app(app.name, app.environment))}>
              <HealthMark health={app.health} />
              {app.name}
              {app.environment === 'production' ? null : <span className="text-soft">{app.environment}</span>}
              <span className="ml-auto truncate text-sm text-soft">{app.because}</span>
            </Command.Item>
          ))}
        </Command.Group>
        <Command.Group heading="Parts of apps" className={group}>
          {apps.flatMap((app) =>
            (['releases', 'logs', 'healing', 'config', 'routes', 'settings'] as const).map((tab) => (
              <Command.Item key={`${app.name}/${app.environment}/${tab}`} value={`${app.name} ${app.environment} ${tab}`} className={item} onSelect={go(paths.app(app.name, app.environment, tab))}>
                {app.name} {app.environment === 'production' ? '' : `${app.environment} `}› {tab}
              </Command.Item>
            )),
          )}
        </Command.Group>
        <Command.Group heading="Do" className={group}>
          {apps.map((app) => {
            const reason = whyNot(appRules.restart, app.health, access)
            return (
              <Command.Item key={`restart/${app.name}/${app.environment}`} value={`restart ${app.name} ${app.environment}`} disabled={reason !== null} className={item} onSelect={run(() => restart.mutate({ params: { app: app.name }, query: { environment: app.environment }, body: {} }))}>
                Restart {app.name} {app.environment === 'production' ? '' : app.environment}
                {reason === null ? null : <span className="ml-auto text-sm text-soft">{reason}</span>}
              </Command.Item>
            )
          })}
          {(['night', 'day', 'system'] as const).map((theme) => (
            <Command.Item key={theme} value={`theme ${theme}`} className={item} onSelect={run(() => setTheme(theme))}>
              Theme: {theme}
            </Command.Item>
          ))}
          <Command.Item value="show keys" className={item} onSelect={run(() => setTimeout(onKeys, 0))}>
            Show keys
          </Command.Item>
        </Command.Group>
        {text.trim() === '' ? null : (
          <Command.Group heading="Search" className={group} forceMount>
            <Command.Item forceMount value={`search logs ${text}`} className={item} onSelect={go(paths.logs({ q: text.trim() }))}>
              Search all logs for “{text.trim()}”
            </Command.Item>
          </Command.Group>
        )}
      </Command.List>
    </Command.Dialog>
  )
}
