/** An hour of a number as a line, for a row. The number itself stands beside it. */
export function Spark({ values, width = 132, height = 30, label }: { values: readonly number[]; width?: number; height?: number; label: string }) {
  const top = Math.max(...values, 0.0001)
  if (values.length < 2 || values.every((value) => value === 0))
    return (
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={`${label}: none`} className="text-rule-strong">
        <path d={`M0 ${height - 3.5}H${width}`} stroke="currentColor" strokeDasharray="1 5" strokeLinecap="round" />
      </svg>
    )
  const points = values.map((value, index) => `${((index / (values.length - 1)) * (width - 5)).toFixed(1)} ${(height - 3 - (value / top) * (height - 8)).toFixed(1)}`)
  const [lastX, lastY] = (points.at(-1) as string).split(' ')
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label} className="text-soft">
      <path d={`M${points.join('L')}L${lastX} ${height}L0 ${height}Z`} fill="currentColor" opacity="0.1" />
      <path d={`M${points.join('L')}`} fill="none" stroke="currentColor" strokeWidth="1.3" strokeLinejoin="round" />
      <circle cx={lastX} cy={lastY} r="2.2" fill="var(--accent)" />
    </svg>
  )
}
