/** The shape of what is coming; read aloud once as "loading". */
export function Skeleton({ rows = 4, height = 40 }: { rows?: number; height?: number }) {
  return (
    <div role="status" aria-label="Loading" className="space-y-3 py-2">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="skeleton" style={{ height, width: `${100 - ((index * 13) % 34)}%` }} />
      ))}
    </div>
  )
}

export function SkeletonBlock({ height, label = 'Loading' }: { height: number; label?: string }) {
  return <div role="status" aria-label={label} className="skeleton w-full" style={{ height }} />
}
