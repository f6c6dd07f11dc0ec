/** Every component in every state, to look at and to photograph. Not part of what is shipped. */
import type { ReactNode } from 'react'
import { AppError } from '#base/errors.ts'
import { TextLink } from '../components/a.tsx'
import { Ansi } from '../components/ansi.tsx'
import { Button, IconButton } from '../components/button.tsx'
import { Command } from '../components/copy.tsx'
import { Empty } from '../components/empty.tsx'
import { Check, Choice, Input, Select } from '../components/field.tsx'
import { HealthLabel, type Health, healthWords } from '../components/health.tsx'
import { InstanceMark, instanceWords } from '../components/instance-mark.tsx'
import { Entry, Ledger } from '../components/ledger.tsx'
import { LinesWell } from '../components/lines-well.tsx'
import { NightStrip } from '../components/night-strip.tsx'
import { Page, Section } from '../components/page.tsx'
import { FormProblem, Problem } from '../components/problem.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { Spark } from '../components/spark.tsx'
import { Steps } from '../components/steps.tsx'
import { rolloutSteps, stepsOf } from '../lib/deploy-steps.ts'
import { Tag } from '../components/tag.tsx'
import { Changes } from './app/changes.tsx'

const error = new AppError('invalid', 'services.web.port: 70000 is not a port (1 to 65535)', { fields: [{ path: 'services.web.port', message: 'must be at most 65535', line: 4, column: 11 }] })
const reached = [
  { name: 'released', at: '2026-03-29T00:59:58Z', detail: 'v18' },
  { name: 'started', at: '2026-03-29T01:00:01Z', detail: 'web.3' },
]
const wave = Array.from({ length: 48 }, (_, i) => 20 + 10 * Math.sin(i / 4) + (i % 7))
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
const marks = [
  ...[20, 13.2, 13.1, 13, 2].map((hours, index) => ({ at: hoursAgo(hours), kind: 'fault' as const, event: index, app: 'shop', summary: 'shop/web.1 ended with code 1' })),
  { at: hoursAgo(12.9), kind: 'healed' as const, event: 10, app: 'shop', summary: 'shop/web.1 is ready again' },
  { at: hoursAgo(1.9), kind: 'held' as const, event: 11, app: 'shop', summary: 'shop/web.1 is held' },
  ...[22, 9, 8.9, 8.8, 3].map((hours, index) => ({ at: hoursAgo(hours), kind: 'change' as const, event: 20 + index, app: 'shop', summary: 'v18 serves' })),
]

export function Gallery() {
  return (
    <Page title="Gallery" lead="Every component in every state." actions={<Button tone="main">An action</Button>}>
      <Shelf title="Health">
        {(Object.keys(healthWords) as Health[]).map((health) => (
          <HealthLabel key={health} health={health} />
        ))}
      </Shelf>
      <Shelf title="Instances">
        {(Object.keys(instanceWords) as (keyof typeof instanceWords)[]).map((state) => (
          <span key={state} className="inline-flex items-center gap-2">
            <InstanceMark state={state} />
            {instanceWords[state]}
          </span>
        ))}
      </Shelf>
      <Shelf title="Buttons">
        {(['plain', 'main', 'danger', 'quiet'] as const).map((tone) => (
          <span key={tone} className="inline-flex gap-2">
            <Button tone={tone}>{tone}</Button>
            <Button tone={tone} busy>
              busy
            </Button>
            <Button tone={tone} whyNot="the app is stopped">
              not now
            </Button>
          </span>
        ))}
        <IconButton label="An icon">☾</IconButton>
        <TextLink href="/_gallery">a link in text</TextLink>
      </Shelf>
      <Shelf title="Tags">
        {(['plain', 'accent', 'amber', 'red'] as const).map((tone) => (
          <Tag key={tone} tone={tone}>
            {tone}
          </Tag>
        ))}
      </Shelf>
      <Shelf title="Fields">
        <Input label="A field" placeholder="with a placeholder" hint="and a hint" />
        <Input label="A wrong one" defaultValue="70000" aria-invalid />
        <Select label="A choice">
          <option>one</option>
        </Select>
        <Check label="A switch" hint="with what it means" checked onChange={() => {}} />
        <Choice label="Few" value="a" options={[{ value: 'a', text: 'first' }, { value: 'b', text: 'second' }]} onChange={() => {}} />
        <FormProblem error={error} />
      </Shelf>
      <Shelf title="Sparklines">
        <Spark values={wave} label="a wave" />
        <Spark values={wave.map(() => 0)} label="nothing" />
        <Spark values={[1, 1, 1, 30, 1, 1]} label="a peak" />
      </Shelf>
      <Section title="The last 24 hours">
        <NightStrip marks={marks} />
      </Section>
      <Section title="Steps">
        <div className="space-y-8">
          {(['running', 'failed', 'done'] as const).map((state) => (
            <Steps key={state} label={`Rollout, ${state}`} steps={stepsOf(state === 'done' ? rolloutSteps.map((name, index) => ({ name, at: new Date(Date.UTC(2026, 2, 29, 1, 0, index)).toISOString(), detail: '' })) : reached, rolloutSteps, state, 'web.3 did not answer GET /up within 60 s')} />
          ))}
        </div>
      </Section>
      <Section title="Logbook">
        <Ledger label="Logbook">
          <Entry when="03:07">Something happened.</Entry>
          <Entry when="03:08">
            <Changes to="v17" changes={[{ what: 'code', text: '9f31c0d → 31bb0aa' }, { what: 'config', text: 'LOG_LEVEL: info → debug' }]} />
          </Entry>
          <Entry when="19 Nov">
            <Changes to="v16" changes={[]} />
          </Entry>
        </Ledger>
      </Section>
      <Section title="Lines">
        <LinesWell
          label="Lines"
          lines={(['debug', 'info', 'warn', 'error'] as const).map((level, index) => ({ cursor: level, at: new Date(Date.UTC(2026, 2, 29, 1, 0, index)).toISOString(), app: 'shop', environment: 'production', service: 'web', instance: 'web.1', release: 17, stream: 'stdout', level, text: `a line of level ${level}` }))}
        />
      </Section>
      <Section title="Problems, waiting, nothing">
        <Problem error={new AppError('unavailable', 'no answer from Nightshift at this address (is it running? try: nightshift status)')} retry={() => {}} />
        <Skeleton rows={3} />
        <Empty title="Nothing here yet." command="nightshift deploy">
          This is what would be here.
        </Empty>
        <Command>nightshift deploy --image registry.example.com/a/very/long/name/that-must-wrap:1.29 --app shop</Command>
      </Section>
      <Section title="Escape codes">
        <pre className="rounded-md bg-well p-3">
          <Ansi text={'\u001b[31mred\u001b[39m \u001b[32mgreen\u001b[39m \u001b[33myellow\u001b[39m \u001b[34mblue\u001b[39m \u001b[35mmagenta\u001b[39m \u001b[36mcyan\u001b[39m \u001b[2mdim\u001b[22m \u001b[1mbold\u001b[22m \u001b[4munder\u001b[24m \u001b[2Jcleared'} />
        </pre>
      </Section>
    </Page>
  )
}

const Shelf = ({ title, children }: { title: string; children: ReactNode }) => (
  <Section title={title}>
    <div className="flex flex-wrap items-center gap-x-6 gap-y-4 py-2">{children}</div>
  </Section>
)
