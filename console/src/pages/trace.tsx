import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Trace } from '#contract/traces.ts'
import { waterfallOf } from '#contract/waterfall.ts'
import { Ago } from '../components/ago.tsx'
import { Answer } from '../components/answer.tsx'
import { CopyButton } from '../components/copy.tsx'
import { LogLineView } from '../components/log-line.tsx'
import { Page, Section } from '../components/page.tsx'
import { TextLink } from '../components/a.tsx'
import { queries } from '../data/queries.ts'
import { formatLatency, plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'
import { WaterfallView } from '../traces/waterfall.tsx'

const route = getRouteApi('/signed-in/traces/$trace')

export function TracePage() {
  const { trace } = route.useParams()
  const query = useQuery(queries.trace(trace))
  const first = query.data?.spans[0]
  return (
    <Page wide title={first?.name ?? 'Trace'} documentTitle={first === undefined ? 'Trace' : `Trace of ${first.name}`} lead={<Lead id={trace} trace={query.data} />}>
      <Answer query={query} title="The trace could not be read">
        {(found) => <Found trace={found} />}
      </Answer>
    </Page>
  )
}

function Lead({ id, trace }: { id: string; trace: Trace | undefined }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <TextLink href={paths.traces()}>Traces</TextLink>
      <span className="font-mono text-sm break-all">{id}</span>
      <CopyButton text={id} label="Copy the id" />
      {trace === undefined ? null : <Ago at={new Date(trace.spans[0]?.atMs ?? 0).toISOString()} />}
    </span>
  )
}

function Found({ trace }: { trace: Trace }) {
  const { span } = route.useSearch()
  const navigate = useNavigate({ from: '/traces/$trace' })
  const waterfall = useMemo(() => waterfallOf(trace.spans), [trace])
  const failed = trace.spans.filter((one) => one.status === 'error').length
  const services = new Set(trace.spans.map((one) => one.service)).size
  return (
    <>
      <p className="mb-4">
        {formatLatency(waterfall.durationMs)} through {plural(services, 'service')}, {plural(waterfall.rows.length, 'span')}
        {failed === 0 ? '' : <span className="text-red">, {plural(failed, 'failure')}</span>}
        {trace.partial ? '; there are more spans than are shown' : ''}
      </p>
      <div className="mb-(--section)">
        <WaterfallView waterfall={waterfall} open={span} onOpen={(id) => void navigate({ search: id === undefined ? {} : { span: id }, replace: true })} />
      </div>
      <Section title="Log lines that name it">
        {trace.lines.length === 0 ? (
          <p className="text-soft">None. A line is found by the trace’s id, which an app may write with each.</p>
        ) : (
          <div className="mb-8 overflow-x-auto rounded-md bg-well p-3 font-mono text-xs leading-5">
            {trace.lines.map((line) => (
              <LogLineView key={line.cursor} line={line} wrap showApp={false} />
            ))}
          </div>
        )}
      </Section>
    </>
  )
}
