import { type Dispatch, type SetStateAction, useEffect, useState } from 'react'
import { keepDraft, keptDraft } from './draft.ts'

/**
 * What is typed into a form, kept over a reload of the page and no longer: who leaves the form has left the draft. Not for secrets.
 * `place` names the form and what it changes; a draft of another start (the thing was changed meanwhile) is forgotten.
 */
export function useDraft<T>(place: string, start: T): [T, Dispatch<SetStateAction<T>>] {
  const [draft, setDraft] = useState(() => keptDraft(sessionStorage, place, start))
  const [began] = useState(start)
  useEffect(() => keepDraft(sessionStorage, place, began, draft), [place, began, draft])
  useEffect(() => () => sessionStorage.removeItem(place), [place])
  return [draft, setDraft]
}
