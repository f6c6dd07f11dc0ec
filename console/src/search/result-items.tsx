import { Command } from 'cmdk'
import { BookOpen, ChartNoAxesGantt, CircleAlert, History, Rocket, Server } from 'lucide-react'
import { useState } from 'react'
import type { SearchResult } from '#contract/search.ts'
import { Ago } from '../components/ago.tsx'
import { HealthMark } from '../components/health.tsx'
import { addressOf, placeOf } from './found.ts'

export const item = 'flex cursor-pointer items-center gap-3 rounded-md px-3 py-2 data-[selected=true]:bg-accent-wash data-[disabled=true]:opacity-60'
export const group = '[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-3 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-sm [&_[cmdk-group-heading]]:text-soft'

const icons = { machine: Server, check: ChartNoAxesGantt, alert: CircleAlert, release: Rocket, event: History, doc: BookOpen } as const

/** What the list knows it by. */
export const valueOf = ({ kind, app, environment, ref }: SearchResult) => `${kind} ${app} ${environment} ${ref}`

export function ResultItem({ result, go }: { result: SearchResult; go: (href: string, title: string) => void }) {
  const [open, setOpen] = useState(false)
  const href = addressOf(result)
  const place = placeOf(result)
  return (
    <>
      <Command.Item value={valueOf(result)} className={item} onSelect={() => (href === null ? setOpen(!open) : go(href, [result.title, place].filter(Boolean).join(' ')))}>
        <Mark result={result} />
        <span className="min-w-0 truncate">
          {result.title} {place === '' ? null : <span className="text-soft">{place}</span>}
        </span>
        <span className="ml-auto min-w-0 shrink-[4] truncate text-sm text-soft max-sm:hidden">{result.detail}</span>
        {result.at === null || result.kind === 'machine' ? null : <Ago at={result.at} className="shrink-0 text-sm text-soft" />}
      </Command.Item>
      {open ? (
        <div className="mx-3 mb-2 border-l-2 border-rule pl-3 text-sm whitespace-pre-wrap text-soft">
          {result.excerpt}
          <p className="mt-1 font-mono text-xs">docs/{result.ref}</p>
        </div>
      ) : null}
    </>
  )
}

function Mark({ result }: { result: SearchResult }) {
  if (result.kind === 'app' || result.kind === 'service') return <HealthMark health={result.health ?? 'unknown'} />
  const Icon = icons[result.kind]
  return <Icon size={15} strokeWidth={1.6} aria-hidden className="shrink-0" />
}
