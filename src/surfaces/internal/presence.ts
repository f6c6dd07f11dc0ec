/** Which machines and proxies are here, for the journal: a process that restarts is no news, a longer absence is. */
import type { Actor } from '#contract/model.ts'
import type { MachineFacts } from '#contract/wire.ts'
import type { Database } from '#kernel/db/db.ts'
import { record } from '#kernel/journal.ts'
import { noteConnected, noteLost } from '#run/machines/commands.ts'
import { connectedMachines } from '#run/machines/read.ts'

export type Kind = 'machine' | 'proxy'

export type Presence = {
  came(kind: Kind, machine: string, facts: MachineFacts | null): Promise<void>
  left(kind: Kind, machine: string): void
  /** What has been away for longer than a restart takes is lost: also a machine whose end no control has seen. Says which. */
  noteLosses(hasAgent: (machine: string) => boolean): Promise<string[]>
}

/** A process that restarts is back within this time. */
const lostAfterMs = 10_000

const agentActor = (machine: string): Actor => ({ kind: 'agent', name: machine })
const words = {
  machine: { came: (machine: string) => `the agent of ${machine} connected`, lost: (machine: string) => `the agent of ${machine} is away; what it runs goes on` },
  proxy: { came: (machine: string) => `the proxy of ${machine} connected`, lost: (machine: string) => `the proxy of ${machine} is away from control` },
}

export function openPresence(db: Database): Presence {
  /** By `kind:machine`. */
  const away = new Map<string, { kind: Kind; machine: string; since: number }>()
  const left = (kind: Kind, machine: string) => void away.set(`${kind}:${machine}`, { kind, machine, since: Date.now() })

  return {
    async came(kind, machine, facts) {
      const now = new Date()
      const wasAway = away.delete(`${kind}:${machine}`)
      await db.transaction(async (tx) => {
        if (facts) await noteConnected(tx, { ...facts, machine }, now)
        if (!wasAway) await record(tx, { at: now, kind: `${kind}.connected`, actor: agentActor(machine), machine, summary: words[kind].came(machine), data: facts ? { driver: facts.driver } : {} })
      })
    },
    left,
    async noteLosses(hasAgent) {
      for (const machine of await connectedMachines(db)) if (!hasAgent(machine) && !away.has(`machine:${machine}`)) left('machine', machine)
      const told: string[] = []
      for (const [key, { kind, machine, since }] of away) {
        if (Date.now() - since < lostAfterMs) continue
        away.delete(key)
        await db.transaction(async (tx) => {
          if (kind === 'machine') await noteLost(tx, machine)
          await record(tx, { at: new Date(), kind: `${kind}.lost`, actor: { kind: 'system', name: 'control' }, machine, summary: words[kind].lost(machine), data: {} })
        })
        told.push(`${kind} ${machine} is lost`)
      }
      return told
    },
  }
}
