/**
 * What the engine remembers of a container that somebody else ended or removed. It keeps its last 256 events (moby's eventsLimit), and
 * says what was done and when, but not who asked for it.
 */
import type Docker from 'dockerode'
import { z } from 'zod'

const event = z.object({ Action: z.string(), timeNano: z.number(), Actor: z.object({ Attributes: z.object({ signal: z.string().optional(), exitCode: z.string().optional() }) }) })
export type EngineEvent = z.output<typeof event>

const told = ['kill', 'stop', 'restart', 'pause', 'oom', 'die', 'destroy']
const lookBackMs = 10 * 60_000
/** What was asked for longer before the end has not caused it: a signal that somebody sent in passing. */
const causesWithinMs = 2 * 60_000

/** Oldest first, of one container by its name or id. */
export async function eventsOf(engine: Docker, container: string, now: Date): Promise<EngineEvent[]> {
  const seconds = (ms: number) => ms / 1000 // not rounded up: the engine would wait for that moment
  const stream = (await engine.getEvents({ since: seconds(now.getTime() - lookBackMs), until: seconds(now.getTime()), filters: { type: ['container'], container: [container] } })) as NodeJS.ReadableStream
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [event.parse(JSON.parse(line))]))
}

/** `the engine knows: kill with signal 9 at 03:07:12, destroy at 03:07:12 (UTC), not by whom`; null when nobody asked it for anything. Pure. */
export function traceOf(events: readonly EngineEvent[]): string | null {
  const all = events.filter(({ Action }) => told.includes(Action))
  const endNano = all.at(-1)?.timeNano ?? 0
  const known = all.filter(({ timeNano }) => (endNano - timeNano) / 1e6 <= causesWithinMs)
  const asked = known.some(({ Action }) => Action !== 'die' && Action !== 'oom')
  if (!asked) return null
  const words = known.map(({ Action, timeNano, Actor: { Attributes } }) => {
    const detail = Attributes.signal !== undefined ? ` with signal ${Attributes.signal}` : Action === 'die' && Attributes.exitCode !== undefined ? ` with code ${Attributes.exitCode}` : ''
    return `${Action}${detail} at ${new Date(timeNano / 1e6).toISOString().slice(11, 19)}`
  })
  return `the engine knows: ${words.join(', ')} (UTC), not by whom`
}
