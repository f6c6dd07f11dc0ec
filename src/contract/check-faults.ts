/** What is wrong with what a kind of check was given, for people: the field, what it must be, and for an unknown field those that there are. Pure. */
import type { z } from 'zod'
import { nearest } from '#base/nearest.ts'
import { type CheckKind, checkKindSpecs, secretFields } from './check-kinds.ts'
import { givenValue, issueWords } from './issue-words.ts'

export type CheckFault = { path: (string | number)[]; message: string }

export function checkFaults(kind: CheckKind, error: z.ZodError): CheckFault[] {
  const known = Object.keys(checkKindSpecs[kind].config.shape)
  const sealed = [...secretFields(kind), 'headers']
  const told = new Set<string>()
  return error.issues.flatMap((issue): CheckFault[] => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
    if (issue.code === 'unrecognized_keys' && path.length === 0)
      return issue.keys.map((key) => {
        const meant = nearest(key, known)
        return { path: [key], message: `${key} is no field of ${kind} (${meant === undefined ? `there are ${known.join(', ')}` : `did you mean ${meant}?`})` }
      })
    const place = path.join('.')
    if (told.has(place)) return [] // of what is no host:port it says nothing that its port is none
    told.add(place)
    // an address may hold a user and a password before its @
    const given = sealed.includes(String(path[0])) || String(issue.input).includes('@') ? '' : givenValue(issue)
    return [{ path, message: `${place || kind} ${issueWords(issue)}${given}` }]
  })
}
