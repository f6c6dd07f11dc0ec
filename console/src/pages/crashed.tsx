import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { Page } from '../components/page.tsx'
import { Problem } from '../components/problem.tsx'

/** A page that could not be shown at all; the frame around it stays. */
export function Crashed({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  return (
    <Page title="This page could not be shown">
      <Problem
        error={error}
        title="What happened"
        retry={() => {
          reset()
          void router.invalidate()
        }}
      />
    </Page>
  )
}
