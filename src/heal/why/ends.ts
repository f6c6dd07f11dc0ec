/** Instances that ended against what is wanted, and how each came back, from what the journal tells. Pure. */
import { formatDuration } from '#base/units.ts'
import type { InstanceEnd } from '#contract/healing.ts'
import type { JournalEvent } from '#contract/model.ts'

const begins: ReadonlySet<string> = new Set(['instance.exited', 'instance.vanished'])
const leaves: ReadonlySet<string> = new Set(['instance.stopped', 'instance.removed'])
const told: ReadonlySet<string> = new Set([...begins, ...leaves, 'instance.restarting', 'instance.held', 'instance.started', 'instance.ready', 'instance.traced'])

/**
 * Of one service, newest first; `events`: oldest first. What its agent neither starts again nor holds ended as it should: a release
 * command, a one-off, a service that need not stay.
 */
export function endsOf(events: readonly JournalEvent[], service: string, now: Date): InstanceEnd[] {
  const open = new Map<string, JournalEvent[]>()
  const stories: JournalEvent[][] = []
  for (const event of events) {
    if (event.service !== service || event.instance === null || !told.has(event.kind)) continue
    const key = String(event.data['id'] ?? event.instance)
    if (begins.has(event.kind)) {
      const story = [event]
      open.set(key, story)
      stories.push(story)
      continue
    }
    const story = open.get(key)
    story?.push(event)
    if (leaves.has(event.kind)) open.delete(key)
  }
  return stories.filter((story) => story.some(isAgain)).map((story) => endOf(story, now)).reverse()
}

const isAgain = ({ kind, actor }: JournalEvent) => (kind === 'instance.restarting' || kind === 'instance.held') && actor.kind === 'agent'

function endOf(story: readonly JournalEvent[], now: Date): InstanceEnd {
  const [end] = story as [JournalEvent]
  const ready = story.find((event) => event.kind === 'instance.ready')
  const at = Date.parse(end.at) - number(end.data['noticedAfterMs'])
  const backAfterMs = ready === undefined ? null : Math.max(0, Date.parse(ready.at) - at)
  const heard = story.filter((event) => ready === undefined || event.id <= ready.id || event.kind === 'instance.traced')
  return {
    instance: end.instance as string, endedAt: new Date(at).toISOString(), backAt: ready?.at ?? null, backAfterMs,
    fromOutside: end.kind === 'instance.vanished' || end.data['cause'] === 'killed' || end.data['cause'] === 'frozen',
    sentence: `${howOf(end)}, ${formatDuration(Math.max(0, now.getTime() - at))} ago; ${thenOf(story, ready, backAfterMs)}`,
    knownFrom: knownFrom(end, story.find((event) => event.kind === 'instance.traced')),
    events: heard.map((event) => event.id),
  }
}

function howOf({ summary, data }: JournalEvent): string {
  return typeof data['because'] === 'string' && data['because'] !== '' && !summary.includes(data['because']) ? `${summary} (${data['because']})` : summary
}

/** One that listens got an address, and with it its place in the rotation. */
function thenOf(story: readonly JournalEvent[], ready: JournalEvent | undefined, afterMs: number | null): string {
  if (ready !== undefined && afterMs !== null) return `it was started again, and was ${ready.data['address'] == null ? 'ready' : 'in rotation'} after ${formatDuration(afterMs)}`
  const last = story.findLast((event) => event.kind !== 'instance.traced' && event.kind !== 'instance.started') as JournalEvent
  if (leaves.has(last.kind)) return 'it was not ready again before it left'
  if (last.kind === 'instance.held') return 'it is held'
  return story.some((event) => event.kind === 'instance.started') ? 'it was started again, and is not ready yet' : 'it is about to be started again'
}

function knownFrom(end: JournalEvent, traced: JournalEvent | undefined): string {
  const where = end.machine === null ? 'its agent' : `the agent of ${end.machine}`
  const isSeen = end.data['code'] != null || end.data['signal'] != null || end.data['oom'] === true
  const how = isSeen ? `its exit status, which ${where} read` : `${where}, which found it gone and no exit status`
  const trace = traced?.data['trace']
  return typeof trace === 'string' ? `${how}; ${trace}` : how
}

const number = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0)
