import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { CheckDetail, KindView } from '#contract/checks.ts'
import { CheckForm } from '../checks/check-form.tsx'
import { Answer } from '../components/answer.tsx'
import { ButtonLink } from '../components/button.tsx'
import { Command } from '../components/copy.tsx'
import { Page } from '../components/page.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { changeOf, draftOf } from '../lib/check-draft.ts'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/checks/$check/edit')

/** Changes a check that people made; one of a manifest is changed there. */
export function EditCheckPage() {
  const { check } = route.useParams()
  const detail = useQuery(queries.check(check))
  const kinds = useQuery(queries.checkKinds())
  const one = detail.data
  return (
    <Page title={one === undefined ? 'Change a check' : `Change ${one.name}`} lead={one === undefined || one.declared ? undefined : leadOf(one)}>
      <Answer query={detail} title="This check could not be read">
        {(found) =>
          found.declared ? (
            <Declared check={found} />
          ) : !detail.isFetchedAfterMount ? (
            <Skeleton rows={6} height={48} /> // what is remembered of it may be older than its last change
          ) : (
            <Answer query={kinds} title="The kinds of checks could not be read">
              {(list) => <Form key={found.id} check={found} kind={list.find(({ kind }) => kind === found.kind) as KindView} />}
            </Answer>
          )
        }
      </Answer>
    </Page>
  )
}

function leadOf({ kind, app, environment }: CheckDetail): string {
  const place = app === null ? '' : ` It belongs to ${app}${environment === 'production' ? '' : ` (${environment})`}, and stays there.`
  return `${kind === 'heartbeat' ? 'The URLs that its job tells stay as they are.' : 'Try it before you save it.'}${place}`
}

function Form({ check, kind }: { check: CheckDetail; kind: KindView }) {
  const navigate = useNavigate()
  const known = useQuery(queries.checks())
  const update = useAction('checks.update', { done: (made) => `${made.name} is changed.`, touches: ['check', 'checks'], quiet: true, onDone: () => void navigate({ href: paths.check(check.id) }) })
  return (
    <CheckForm
      kind={kind} start={draftOf(kind, check, check.needNames)} changes={check} action="Save" busy={update.isPending} error={update.error}
      onSave={(draft) => update.mutate({ params: { check: check.id }, body: changeOf(kind, draft, known.data ?? []) })}
      beside={
        <ButtonLink href={paths.check(check.id)} tone="quiet">
          Cancel
        </ButtonLink>
      }
    />
  )
}

function Declared({ check }: { check: CheckDetail }) {
  return (
    <div className="max-w-160 space-y-3">
      <p>
        This check stands in the manifest of {check.app}, and is changed there: under <code>checks:</code> in nightshift.yml, by the next release. It can be paused here.
      </p>
      <Command>{`nightshift manifest -a ${check.app}${check.environment === 'production' ? '' : ` -e ${check.environment}`}`}</Command>
      <ButtonLink href={paths.check(check.id)}>Back to the check</ButtonLink>
    </div>
  )
}
