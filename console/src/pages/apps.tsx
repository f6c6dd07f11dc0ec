import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { isAppError } from '#base/errors.ts'
import { TextLink } from '../components/a.tsx'
import { Answer } from '../components/answer.tsx'
import { AppRows } from '../components/app-rows.tsx'
import { ButtonLink } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Page } from '../components/page.tsx'
import { SelectorField } from '../components/selector-field.tsx'
import { queries } from '../data/queries.ts'
import { commands } from '../lib/commands.ts'
import { plural } from '../lib/numbers.ts'
import { paths } from '../paths.ts'

const route = getRouteApi('/signed-in/apps')

export function Apps() {
  const { where } = route.useSearch()
  const navigate = useNavigate({ from: '/apps' })
  const apps = useQuery(queries.apps(where))
  const refused = where !== undefined && isAppError(apps.error, 'invalid')
  const count = new Set((apps.data ?? []).map((app) => app.name)).size
  return (
    <Page title="Apps" lead={apps.data === undefined ? undefined : `${plural(count, 'app')}; what needs a look stands first.`} actions={<ButtonLink href={paths.deploy()}>Deploy</ButtonLink>}>
      <SelectorField label="Filter apps" value={where} onChange={(value) => void navigate({ search: { where: value }, replace: true })} error={refused ? apps.error : null} />
      {refused ? null : (
        <Answer query={apps} title="The apps could not be read">
          {(list) =>
            list.length === 0 && where !== undefined ? (
              <Empty title="No app matches." command={commands.find(where)}>
                A name without <code>*</code> must be whole: <code>app:shop*</code>.
              </Empty>
            ) : list.length === 0 ? (
              <Empty title="No apps yet." command={commands.deployDirectory()}>
                Go into a folder with an app and type this, or see <TextLink href={paths.deploy()}>the other ways</TextLink>.
              </Empty>
            ) : (
              <AppRows most={60} apps={list} />
            )
          }
        </Answer>
      )}
    </Page>
  )
}
