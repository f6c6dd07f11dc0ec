import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Why } from '#contract/healing.ts'
import { TextLink } from '../components/a.tsx'
import { Ago } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { Command } from '../components/copy.tsx'
import { LinesWell } from '../components/lines-well.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { isCommand } from '../lib/commands.ts'
import { paths } from '../paths.ts'

/** Why a service is as it is, in plain words, and what to type next. */
export function WhyPanel({ of, service, id }: { of: AppRef; service: string; id: string }) {
  const why = useQuery(queries.why(of, service))
  return (
    <section id={id} aria-label={`Why ${service} is as it is`} className="rounded-lg border border-rule bg-sheet px-4 py-4 sm:px-5">
      <Answer query={why} loading={<Skeleton rows={3} height={20} />} title={`Why ${service} is as it is could not be read`}>
        {(answer) => <WhyAnswer why={answer} />}
      </Answer>
    </section>
  )
}

function WhyAnswer({ why }: { why: Why }) {
  return (
    <div className="space-y-4">
      <p className="max-w-[70ch] font-serif text-lg">{why.sentence}</p>
      {why.alert === null ? null : (
        <div className="max-w-[76ch]">
          <p className="text-red">Needs a person: {why.alert.title}</p>
          <p>Way out: {why.alert.wayOut}</p>
        </div>
      )}
      <div className="grid gap-x-10 gap-y-4 md:grid-cols-2">
        <Part title="Waits for" list={why.waiting.map((text) => ({ key: text, text }))} />
        <Part title="Instances" list={why.instances.map((one) => ({ key: one.name, text: <><span className="num">{one.name}</span> {one.state}: {one.because}</> }))} />
        <Part title="Tried" list={why.tried.map((one) => ({ key: one.at + one.what, text: <>{one.what}: {one.outcome}</>, at: one.at }))} />
        <Part title="Ended in the last hour" list={why.ends.map((one) => ({ key: one.instance + one.endedAt, text: <><TextLink href={paths.journal({ event: String(one.events[0]) })}>{one.sentence}</TextLink> <span className="text-soft">Known from {one.knownFrom}.</span></> }))} />
        <Part title="Changed" list={why.changes.map((one) => ({ key: String(one.id), text: <TextLink href={paths.journal({ event: String(one.id) })}>{one.summary}</TextLink>, at: one.at }))} />
      </div>
      {why.lines.length === 0 ? null : <LinesWell lines={why.lines} label={`Last lines of ${why.service}`} />}
      {why.wayOut.length === 0 ? null : (
        <div className="space-y-2">
          <h3 className="font-sans text-sm text-soft">Next</h3>
          {why.wayOut.map((text) => (isCommand(text) ? <Command key={text}>{text}</Command> : <p key={text}>{text}</p>))}
        </div>
      )}
      {why.remediation === null ? null : (
        <p className="text-sm">
          <TextLink href={paths.remediation(why.remediation.id)}>What healing did</TextLink>
        </p>
      )}
    </div>
  )
}

function Part({ title, list }: { title: string; list: readonly { key: string; text: ReactNode; at?: string }[] }) {
  if (list.length === 0) return null
  return (
    <div className="min-w-0">
      <h3 className="font-sans text-sm text-soft">{title}</h3>
      <ul className="space-y-0.5 text-sm">
        {list.map(({ key, text, at }) => (
          <li key={key} className="min-w-0">
            {text}
            {at === undefined ? null : (
              <>
                {' '}
                <Ago at={at} className="text-soft" />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}
