import type { Span } from '#contract/traces.ts'
import { TextLink } from '../components/a.tsx'
import { formatLatency } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

/** What a span says of itself. */
export function SpanDetail({ span }: { span: Span }) {
  const facts: [string, string][] = [['span', span.spanId], ['kind', span.byProxy ? `${span.kind}, seen by the proxy` : span.kind], ...(span.instance === null ? [] : [['instance', span.instance] as [string, string]]), ...Object.entries(span.attributes).map(([name, value]): [string, string] => [name, text(value)])]
  return (
    <div className="mb-3 ml-4 border-l-2 border-rule py-2 pl-4 text-sm">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-5 gap-y-0.5 max-sm:grid-cols-1">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="font-mono text-xs leading-5 break-all max-sm:mb-1">{value}</dd>
          </div>
        ))}
      </dl>
      {span.events.length === 0 ? null : (
        <ul className="mt-2">
          {span.events.map((event) => (
            <li key={`${event.atMs} ${event.name}`}>
              <span className="num text-soft">+{formatLatency(event.atMs - span.atMs)}</span> {event.name} <span className="font-mono text-xs break-all text-soft">{Object.values(event.attributes).map(text).join(' ')}</span>
            </li>
          ))}
        </ul>
      )}
      <p className="mt-2">
        <TextLink href={paths.logs({ app: span.app, env: span.environment, q: span.traceId })}>All log lines of this trace</TextLink> · <TextLink href={paths.map({ select: `${span.app}/${span.environment}/${span.service}` })}>{span.service} on the map</TextLink>
      </p>
    </div>
  )
}
