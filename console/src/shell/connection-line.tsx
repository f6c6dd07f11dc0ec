import { useConnection } from '../data/connection.ts'

/** One quiet line when what is shown is not live. */
export function ConnectionLine() {
  const state = useConnection()
  return (
    <div role="status" className="sticky top-0 z-20">
      {state === 'live' ? null : <p className="border-b border-amber-mark bg-amber-wash px-4 py-1 text-center text-sm text-amber">Connection lost, catching up. Apps run on without this page.</p>}
    </div>
  )
}
