import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { FormProblem } from './problem.tsx'

type Props = {
  /** What the try said; a failed one says why. */
  outcome?: ReactNode
  tryError?: unknown
  /** Without, there is nothing to press: it is tried as it is typed. */
  onTry?: (() => void) | undefined
  tryWord?: string
  trying?: boolean
  /** Why saving failed. */
  error: unknown
  action: string
  saving: boolean
  whyNot?: string | null
  /** More buttons. */
  children?: ReactNode
}

/** The end of a form for what is tried before it is saved. */
export function TryFirst({ outcome = null, tryError = null, onTry, tryWord = 'Test', trying = false, error, action, saving, whyNot = null, children }: Props) {
  return (
    <>
      <div aria-live="polite">
        <FormProblem error={tryError} />
        {tryError ? null : outcome}
      </div>
      <FormProblem error={error} />
      <div className="mt-4 flex flex-wrap gap-2">
        {onTry === undefined ? null : (
          <Button busy={trying} onClick={onTry}>
            {tryWord}
          </Button>
        )}
        <Button type="submit" tone="main" busy={saving} whyNot={whyNot} onClick={() => {}}>
          {action}
        </Button>
        {children}
      </div>
    </>
  )
}
