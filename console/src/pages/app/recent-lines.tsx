import { useQuery } from '@tanstack/react-query'
import { TextLink } from '../../components/a.tsx'
import { LinesWell } from '../../components/lines-well.tsx'
import { Section } from '../../components/page.tsx'
import { SkeletonBlock } from '../../components/skeleton.tsx'
import { type AppRef, queries } from '../../data/queries.ts'
import { paths } from '../../paths.ts'

/** The last lines that the app said; the whole timeline is a click away. */
export function RecentLines({ of }: { of: AppRef }) {
  const { data } = useQuery(queries.recentLines(of, 12))
  return (
    <Section title="Last lines" aside={<TextLink href={paths.app(of.app, of.env, 'logs')}>All logs</TextLink>}>
      {data === undefined ? (
        <SkeletonBlock height={240} />
      ) : data.lines.length === 0 ? (
        <p className="py-3 text-soft">It has said nothing yet.</p>
      ) : (
        <LinesWell lines={data.lines} label="Last lines" />
      )}
    </Section>
  )
}
