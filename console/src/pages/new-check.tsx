import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { KindView, NewCheck } from '#contract/checks.ts'
import { CheckForm } from '../checks/check-form.tsx'
import { Answer } from '../components/answer.tsx'
import { Select } from '../components/field.tsx'
import { Page } from '../components/page.tsx'
import { queries } from '../data/queries.ts'
import { useAction } from '../data/use-action.ts'
import { emptyDraft, newOf } from '../lib/check-draft.ts'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/checks/new')

/** A form drawn from the kind's schema; it is tried before it is made. */
export function NewCheckPage() {
  const kinds = useQuery(queries.checkKinds())
  const chosen = route.useSearch().kind ?? 'http'
  const navigate = useNavigate({ from: '/checks/new' })
  return (
    <Page title="New check" lead="Try it before you make it: a check that is wrong from the start wakes people for nothing.">
      <Answer query={kinds} title="The kinds of checks could not be read">
        {(list) => (
          <>
            <Select label="Kind" className="mb-6 max-w-100" value={chosen} onChange={(event) => void navigate({ search: event.target.value === 'http' ? {} : { kind: event.target.value }, replace: true, resetScroll: false })}>
              {list.map((kind) => (
                <option key={kind.kind} value={kind.kind}>
                  {kind.title}
                </option>
              ))}
            </Select>
            <Form key={chosen} kind={list.find((kind) => kind.kind === chosen) ?? (list[0] as KindView)} />
          </>
        )}
      </Answer>
    </Page>
  )
}

function Form({ kind }: { kind: KindView }) {
  const navigate = useNavigate()
  const known = useQuery(queries.checks())
  const create = useAction('checks.create', { done: (made) => `${made.name} is made.`, touches: ['checks'], quiet: true, onDone: (made) => void navigate({ href: paths.check(made.id) }) })
  return <CheckForm kind={kind} start={emptyDraft} changes={null} action="Make the check" busy={create.isPending} error={create.error} onSave={(draft) => create.mutate({ body: newOf(kind, draft, known.data ?? []) as NewCheck })} />
}
