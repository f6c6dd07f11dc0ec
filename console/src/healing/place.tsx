import { TextLink } from '../components/a.tsx'
import { Tag } from '../components/tag.tsx'
import { placeOf, type Target } from '../lib/remediation-words.ts'

/** What is healed: a service or a machine, by name, with a link to where it is looked at. */
export function Place({ of, className = '' }: { of: Target; className?: string }) {
  const { name, environment, href, isMachine } = placeOf(of)
  return (
    <span className="inline-flex flex-wrap items-baseline gap-x-2">
      <TextLink href={href} className={className}>
        {name}
      </TextLink>
      {environment === null ? null : <Tag>{environment}</Tag>}
      {isMachine ? <Tag>machine</Tag> : null}
    </span>
  )
}
