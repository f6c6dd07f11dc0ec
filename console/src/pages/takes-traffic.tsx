import { useQuery } from '@tanstack/react-query'
import type { Bake } from '#contract/model.ts'
import { OutLink } from '../components/a.tsx'
import { type AppRef, queries } from '../data/queries.ts'
import { clockTime } from '../lib/times.ts'

/** Where a release answers after its deploy, and whether it may still be taken back. `url` is null until it takes the traffic. */
export function TakesTraffic({ of, release, url }: { of: AppRef; release: number | null; url: string | null }) {
  const { data: bake, isPending } = useQuery({ ...queries.bake(of), enabled: url !== null })
  if (url === null || release === null || isPending) return null
  const link = <OutLink href={url}>{url}</OutLink>
  if (bake === undefined || bake?.release !== release) return <p className="mt-4">It serves: {link}</p>
  return (
    <p className="mt-4 max-w-prose">
      {bake.endedAt === null ? (
        <>
          It takes the traffic: {link}. It is watched until {clockTime(bake.until)}: if it is worse than v{bake.fromRelease}, that one comes back by itself.
        </>
      ) : bake.state === 'condemned' ? (
        takenBack(bake)
      ) : (
        <>It serves: {link}</>
      )}
    </p>
  )
}

function takenBack({ release, fromRelease, rolledBackTo, because }: Bake): string {
  return `v${release} was taken back: v${fromRelease} serves again${rolledBackTo === null ? '' : `, as v${rolledBackTo}`}. Compared with it, ${because}.`
}
