import { Button } from './button.tsx'
import { FormProblem } from './problem.tsx'

type Props = { /** What it does. */ action: string; whyNot: string | null; /** How it goes. */ attempt: { error: unknown; isPending: boolean }; onCancel: () => void }

/** The end of a form in a dialog: why it failed, and the two ways out. */
export function FormEnd({ action, whyNot, attempt, onCancel }: Props) {
  return (
    <>
      <FormProblem error={attempt.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" tone="main" busy={attempt.isPending} whyNot={whyNot} onClick={() => {}}>
          {action}
        </Button>
      </div>
    </>
  )
}
