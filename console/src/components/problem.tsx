import { isAppError, messageOf } from '#base/errors.ts'
import { Button } from './button.tsx'
import { HealthMark } from './health.tsx'

const meanings: Record<string, string> = {
  unavailable: 'Apps run on and are served without it; what is shown may be old.',
  forbidden: 'This session may not see or do that.',
  'not-found': 'It may have been renamed or destroyed, or the address is mistyped.',
  internal: 'This is a fault of Nightshift; its own log has the details.',
}

/** What happened, what it means, what to do. */
export function Problem({ error, retry, title = 'This could not be read' }: { error: unknown; retry?: () => void; title?: string }) {
  const meaning = isAppError(error) ? meanings[error.code] : undefined
  return (
    <div role="alert" className="flex max-w-180 gap-3 rounded-lg border border-red-mark bg-red-wash px-4 py-3">
      <span className="mt-1">
        <HealthMark health="down" />
      </span>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        <p>{messageOf(error)}</p>
        {meaning === undefined ? null : <p className="text-soft">{meaning}</p>}
        {retry === undefined ? null : (
          <Button size="sm" className="mt-3" onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  )
}

/** A failure of a form, beside its fields. */
export function FormProblem({ error }: { error: unknown }) {
  if (!error) return null
  // each thing once: what the message says already is not said again by field
  const fields = isAppError(error) ? error.fields.filter(({ message }) => !error.message.includes(message)) : []
  return (
    <div role="alert" className="mt-2 flex gap-2 text-sm text-red">
      <span className="mt-1">
        <HealthMark health="down" size={12} />
      </span>
      <div className="min-w-0">
        {messageOf(error)}
        {fields.map((one) => (
          <div key={one.path}>
            <code>{one.path.replace(/^config\./, '')}</code> {one.message}
          </div>
        ))}
      </div>
    </div>
  )
}
