import { getRouteApi } from '@tanstack/react-router'
import { Suspense, lazy, useState } from 'react'
import { TextLink } from '../components/a.tsx'
import { Button } from '../components/button.tsx'
import { Page } from '../components/page.tsx'
import { SkeletonBlock } from '../components/skeleton.tsx'
import { commands } from '../lib/commands.ts'
import { paths } from '../paths.ts'

const TerminalScreen = lazy(() => import('./terminal-screen.tsx'))
const route = getRouteApi('/signed-in/apps/$app/terminal/$instance')

export type TerminalState = { word: 'connecting' | 'open' | 'ended' | 'failed'; detail: string }

/** A shell in a running instance. Leaving the page ends it. */
export function TerminalPage() {
  const { app, instance } = route.useParams()
  const { env = 'production' } = route.useSearch()
  const [session, setSession] = useState(1)
  const [state, setState] = useState<TerminalState>({ word: 'connecting', detail: '' })
  return (
    <Page
      documentTitle={`Terminal in ${app}/${instance}`}
      title={
        <>
          <TextLink href={paths.app(app, env)} className="text-ink">
            {app}
          </TextLink>
          /{instance}
        </>
      }
      lead={
        <span role="status">
          {state.word === 'connecting' ? 'opening a shell…' : state.word === 'open' ? 'A shell in the running instance. What is changed here is gone with the instance.' : `${state.word === 'ended' ? 'The shell has ended' : 'No shell could be opened'}${state.detail === '' ? '' : `: ${state.detail}`}`}
        </span>
      }
      actions={
        state.word === 'ended' || state.word === 'failed' ? (
          <Button
            onClick={() => {
              setState({ word: 'connecting', detail: '' })
              setSession(session + 1)
            }}
          >
            Open another
          </Button>
        ) : null
      }
      wide
    >
      <Suspense fallback={<SkeletonBlock height={460} label="Loading the terminal" />}>
        <TerminalScreen key={session} app={app} env={env} instance={instance} onState={setState} />
      </Suspense>
      <p className="mt-3 text-sm text-soft">
        Tab and Escape belong to the shell; <kbd>Ctrl+F6</kbd> leaves it. From your own terminal: <code>{commands.exec(app, instance, env)}</code>
      </p>
    </Page>
  )
}
