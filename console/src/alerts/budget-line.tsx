const [width, height] = [300, 64]

/** What was left of an error budget, from all to none; below none it stays there. The number stands beside it. */
export function BudgetLine({ points, label }: { points: readonly (readonly [number, number])[]; label: string }) {
  if (points.length < 2) return <p className="mt-2 text-sm text-soft">nothing is counted yet</p>
  const y = (left: number) => (2 + (1 - Math.min(1, Math.max(0, left))) * (height - 4)).toFixed(1)
  const [first, last] = [points[0] as readonly [number, number], points.at(-1) as readonly [number, number]]
  const x = (at: number) => (((at - first[0]) / Math.max(1, last[0] - first[0])) * width).toFixed(1)
  const line = points.map(([at, left]) => `${x(at)} ${y(left)}`).join('L')
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className="mt-2 block h-16 w-full text-accent" preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={`M0 2H${width}`} stroke="var(--rule)" vectorEffect="non-scaling-stroke" />
      <path d={`M0 ${height - 2}H${width}`} stroke="var(--red-mark)" strokeDasharray="4 4" vectorEffect="non-scaling-stroke" />
      <path d={`M${line}L${width} ${height - 2}L0 ${height - 2}Z`} fill="currentColor" opacity="0.1" />
      <path d={`M${line}`} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  )
}
