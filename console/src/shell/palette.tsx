import { useRouter } from '@tanstack/react-router'
import { Command } from 'cmdk'
import { useEffect, useState } from 'react'
import { stillNamed } from '../search/found.ts'
import { keepRecent } from '../search/recent.ts'
import { valueOf } from '../search/result-items.tsx'
import { useSearch } from '../search/use-search.ts'
import { Doings, Lines, Parts, Recents, Results, Rooms } from './palette-groups.tsx'

/** The best of the answer is what Enter takes, also when it comes late; unless somebody has moved meanwhile. */
function useBest(text: string, best: string | undefined) {
  const [chosen, choose] = useState('')
  const [moved, setMoved] = useState(false)
  useEffect(() => setMoved(false), [text])
  useEffect(() => {
    if (best !== undefined && !moved) choose(best)
  }, [best, moved])
  return { chosen, choose, onKeyDown: (event: React.KeyboardEvent) => (event.key === 'ArrowDown' || event.key === 'ArrowUp') && setMoved(true) }
}

/** One box for everything: go to, do, search. The server ranks what it knows, the same rules rank what the console offers. */
export function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const router = useRouter()
  const [text, setText] = useState('')
  const { answer, waiting, failed } = useSearch(text)
  const results = waiting ? stillNamed(answer?.results ?? [], text) : (answer?.results ?? [])
  const { chosen, choose, onKeyDown } = useBest(text, results[0] === undefined ? undefined : valueOf(results[0]))
  const run = (action: () => void) => () => {
    onClose()
    action()
  }
  const go = (href: string, title: string) => {
    keepRecent({ title, href })
    onClose()
    void router.navigate({ href })
  }
  const asked = text.trim()
  return (
    <Command.Dialog open onOpenChange={(open) => !open && onClose()} label="Find or do" loop shouldFilter={false} value={chosen} onValueChange={choose} onKeyDown={onKeyDown} overlayClassName="fixed inset-0 z-40 bg-veil animate-[fade_120ms]" contentClassName="fixed inset-x-3 top-[8vh] z-50 mx-auto max-w-[680px] overflow-hidden rounded-xl border border-rule bg-sheet shadow-float animate-[rise_140ms] sm:top-[12vh]">
      <Command.Input value={text} onValueChange={setText} placeholder="Go to, do, or search everything" className="w-full border-b border-rule bg-transparent px-5 py-4 text-lg outline-none placeholder:text-soft" />
      <Command.List className="max-h-[62dvh] overflow-y-auto p-2" aria-busy={waiting}>
        {asked === '' ? <Recents go={go} /> : null}
        <Results results={results} go={go} />
        <Rooms text={text} go={go} />
        <Parts text={text} go={go} />
        <Doings text={text} run={run} onKeys={onKeys} />
        {asked === '' ? null : <Lines asked={asked} lines={answer?.logs.lines ?? []} go={go} />}
        {failed ? <p className="px-3 py-2 text-sm text-soft">The search could not be asked; rooms and apps are still here.</p> : null}
      </Command.List>
    </Command.Dialog>
  )
}
