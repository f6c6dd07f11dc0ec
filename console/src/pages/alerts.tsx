import { useQuery } from '@tanstack/react-query'
import { AlertRules } from '../alerts/alert-rules.tsx'
import { FiringList } from '../alerts/firing-list.tsx'
import { SloList } from '../alerts/slo-list.tsx'
import { Answer } from '../components/answer.tsx'
import { ButtonLink } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

/** What a person must know now, how far objectives are met, and what is watched for. */
export function Alerts() {
  const alerts = useQuery(queries.alerts())
  const rules = useQuery(queries.rules())
  const slos = useQuery(queries.slos())
  const open = alerts.data?.length
  return (
    <Page title="Alerts" lead={open === undefined ? 'What is true now and a person must know.' : open === 0 ? 'Nothing needs a person.' : `${plural(open, 'alert')} ${open === 1 ? 'needs' : 'need'} a person.`}>
      <Section title="Firing">
        <Answer query={alerts} loading={<Skeleton rows={2} height={96} />} title="The alerts could not be read">
          {(list) => (list.length === 0 ? <p className="py-3 text-soft">No rule, no check and no healing raises an alert.</p> : <FiringList alerts={list} />)}
        </Answer>
      </Section>
      <Section title="SLOs" aside={<ButtonLink size="sm" href={paths.slo()}>New SLO</ButtonLink>}>
        <Answer query={slos} loading={<Skeleton rows={2} height={180} />} title="The SLOs could not be read">
          {(list) =>
            list.length === 0 ? (
              <Empty title="There is no SLO yet." command={commands.setSlo}>
                Or write <code>{'slo: { availability: 99.9%, p99: 500ms }'}</code> into nightshift.yml.
              </Empty>
            ) : (
              <SloList slos={list} />
            )
          }
        </Answer>
      </Section>
      <Section
        title="Rules"
        aside={
          <span className="flex flex-wrap gap-2">
            <ButtonLink size="sm" href={paths.importRules()}>
              Import
            </ButtonLink>
            <ButtonLink size="sm" href={paths.newRule()}>
              New rule
            </ButtonLink>
          </span>
        }
      >
        <Answer query={rules} loading={<Skeleton rows={4} height={64} />} title="The rules could not be read">
          {(list) => <AlertRules rules={list} />}
        </Answer>
      </Section>
    </Page>
  )
}
