import { useLayoutEffect, useRef, useState } from 'react'
import { Ansi } from '../components/ansi.tsx'
import { Button } from '../components/button.tsx'
import { CopyButton } from '../components/copy.tsx'
import { plainText } from '../components/ansi.tsx'
import { Problem } from '../components/problem.tsx'
import { clockTimeSeconds } from '../lib/times.ts'
import type { BuildLogState } from './use-build.ts'

/** The output of a build; stays at its end while it grows, unless somebody scrolls up to read. */
export function BuildLog({ log, queued }: { log: BuildLogState; queued: boolean }) {
  const scroller = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  useLayoutEffect(() => {
    const element = scroller.current
    if (element && following) element.scrollTop = element.scrollHeight
  }, [log.lines.length, following])
  const onScroll = () => {
    const element = scroller.current as HTMLDivElement
    setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < 40)
  }
  if (log.error !== null && log.lines.length === 0) return <Problem error={log.error} title="The output could not be read" />
  return (
    <div className="relative">
      <div ref={scroller} onScroll={onScroll} role="log" aria-label="Output of the build" tabIndex={0} className="max-h-[62dvh] min-h-40 overflow-auto rounded-lg border border-rule bg-well px-4 py-3 font-mono text-[12.5px] leading-[21px]">
        {log.lines.length === 0 ? <p className="text-soft">{log.ended ? 'It wrote nothing.' : queued ? 'Queued: it starts when the builds before it have ended.' : 'Waiting for the first line…'}</p> : null}
        {log.lines.map((line) => (
          <div key={line.line} className="flex gap-4 whitespace-pre hover:bg-hover">
            <time dateTime={line.at} className="shrink-0 text-soft select-none max-sm:hidden">
              {clockTimeSeconds(line.at)}
            </time>
            <span className="min-w-0">
              <Ansi text={line.text} />
            </span>
          </div>
        ))}
      </div>
      <div className="absolute right-3 top-2 rounded-md bg-well">
        <CopyButton text={log.lines.map((line) => plainText(line.text)).join('\n')} label="Copy the output" />
      </div>
      {following || log.ended ? null : (
        <Button size="sm" className="absolute bottom-3 right-4" onClick={() => setFollowing(true)}>
          To the newest line
        </Button>
      )}
    </div>
  )
}
