import type { Measure, Rule } from '#contract/alerting.ts'
import { whereText } from '#contract/label-conditions.ts'
import { Ago } from '../components/ago.tsx'
import { TextLink } from '../components/a.tsx'
import { Section } from '../components/page.tsx'
import { Fact, Facts } from '../healing/facts.tsx'
import { formatDuration } from '../lib/numbers.ts'
import { conditionKinds, seriesName } from '../lib/rule-words.ts'
import { declaredPlace } from '../lib/rule-target.ts'
import { paths } from '../paths.ts'
import { RulePreview } from './rule-preview.tsx'

/** A rule that stands in a manifest, to be read: what it asks, how it stands, and where it is changed. */
export function DeclaredRule({ rule }: { rule: Rule }) {
  return (
    <div className="grid gap-x-10 lg:grid-cols-[minmax(0,1fr)_minmax(0,460px)]">
      <div className="min-w-0">
        <Section title="How it stands">
          <Stands rule={rule} />
        </Section>
        <Section title="What it asks">
          <Asks rule={rule} />
        </Section>
        <Section title="What it says">
          <Facts>
            <Fact name="alert">{rule.severity === 'critical' ? 'critical: it wakes people' : 'a warning'}</Fact>
            <Fact name="summary">{rule.summary}</Fact>
            <Fact name="way out">{rule.wayOut ?? <span className="text-soft">none is given</span>}</Fact>
          </Facts>
        </Section>
        <Section title="To change it">
          <Changed rule={rule} />
        </Section>
      </div>
      <div className="min-w-0">
        <div className="lg:sticky lg:top-6">
          <RulePreview spec={specOf(rule)} watched={null} missing={null} />
        </div>
      </div>
    </div>
  )
}

function Stands({ rule: { mode, offUntil, states } }: { rule: Rule }) {
  if (mode === 'off') return <p className="text-soft">{offUntil === null ? 'It is switched off, and looks at nothing until somebody switches it on.' : <>It is switched off, looks at nothing, and is on again <Ago at={offUntil} />.</>}</p>
  if (states.length === 0) return <p className="text-soft">Quiet: its condition holds for nothing.</p>
  return (
    <ul className="divide-y divide-rule">
      {states.map((one) => (
        <li key={one.series} className="py-2">
          <p className="flex flex-wrap gap-x-3">
            <span className="font-medium">{seriesName(one.series)}</span>
            <span className={one.state === 'firing' ? 'text-red' : 'text-amber'}>
              {one.state === 'firing' ? 'fires' : 'holds, and waits'}, since <Ago at={one.firingSince ?? one.since} />
            </span>
          </p>
          <p className="break-words text-soft">{one.because}</p>
        </li>
      ))}
    </ul>
  )
}

function Asks({ rule }: { rule: Rule }) {
  const about = conditionKinds.find(({ kind }) => kind === rule.condition.kind)?.about
  return (
    <Facts>
      <Fact name="fires">
        {rule.about}
        {about === undefined ? null : <span className="block text-soft">{about}</span>}
      </Fact>
      <Of name="looks at" measure={rule.measure} />
      {rule.per === null ? null : <Of name="by" measure={rule.per} />}
      {rule.perAtLeast === null ? null : <Fact name="silent">while what it is divided by is less than {rule.perAtLeast}</Fact>}
      <Fact name="value">of the last {formatDuration(rule.windowMs)}</Fact>
      <Fact name="after">{rule.forMs === 0 ? 'at once' : `it held for ${formatDuration(rule.forMs)}`}</Fact>
      {rule.keepFiringMs === 0 ? null : <Fact name="goes on">for {formatDuration(rule.keepFiringMs)} after it held last</Fact>}
    </Facts>
  )
}

function Of({ name, measure }: { name: string; measure: Measure }) {
  const { where, by } = measure
  return (
    <Fact name={name}>
      <code className="break-words">{measure.logs === undefined ? measure.metric : measure.logs === '' ? 'every log line' : measure.logs}</code>
      <span className="block break-words text-soft">
        {measure.logs === undefined ? `${measure.fn}, ` : 'lines of logs, '}
        {by === undefined ? 'each series alone' : by.length === 0 ? 'all series as one' : `one series a ${by.join(' and ')}`}
        {Object.keys(where).length === 0 ? '' : `, where ${whereText(where).replaceAll(',', ', ')}`}
      </span>
    </Fact>
  )
}

function Changed({ rule }: { rule: Rule }) {
  const { app, environment, name } = declaredPlace(rule.id)
  return (
    <>
      <p className="max-w-[76ch]">
        It is <code>{name}</code> under <code>rules:</code> in nightshift.yml of <TextLink href={paths.app(app, environment)}>{environment === 'production' ? app : `${app}/${environment}`}</TextLink>. Change it there and deploy: it changes with the release that serves, and goes with it.
      </p>
      <p className="mt-2 max-w-[76ch] text-soft">Here it can be switched off, for some hours or for good; a release does not switch it on again.</p>
    </>
  )
}

/** Without what is told of it: the form of a rule is refused with anything else. */
function specOf({ title, measure, per, perAtLeast, windowMs, scope, condition, forMs, keepFiringMs, severity, summary, wayOut, source }: Rule) {
  return { title, measure, per, perAtLeast, windowMs, scope, condition, forMs, keepFiringMs, severity, summary, wayOut, source }
}
