import { useMutation, useQueryClient } from '@tanstack/react-query'
import { messageOf } from '#base/errors.ts'
import { useRef } from 'react'
import type { Answer, CallInput, EndpointId } from '#contract/endpoints.ts'
import { api } from './api.ts'
import { notices } from './notices.ts'

type Options<K extends EndpointId> = {
  /** Said when it is done. */
  done?: string | ((answer: Answer<K>) => string)
  /** First words of the keys whose answers it changes. */
  touches: readonly string[]
  onDone?: (answer: Answer<K>) => void
  /** The caller shows failures itself (a form beside its fields). */
  quiet?: boolean
}

/** One endpoint as an action: tells how it went, and refreshes what it changed. */
export function useAction<K extends EndpointId>(id: K, { done, touches, onDone, quiet = false }: Options<K>) {
  const client = useQueryClient()
  /** What is under way. */
  const flying = useRef(new Set<string>())
  const mutation = useMutation({
    mutationFn: (input: CallInput<K>) => (api.call as (id: K, input: CallInput<K>) => Promise<Answer<K>>)(id, input),
    onSuccess: (answer) => {
      if (done !== undefined) notices.add({ tone: 'done', text: typeof done === 'string' ? done : done(answer) })
      for (const word of touches) void client.invalidateQueries({ queryKey: [word] })
      onDone?.(answer)
    },
    onError: (error) => {
      if (!quiet) notices.add({ tone: 'failed', text: messageOf(error) })
    },
    onSettled: (_answer, _error, input) => flying.current.delete(JSON.stringify(input)),
  })
  // two clicks, or Enter twice, before the button is drawn busy: the same is asked once
  const mutate = (input: CallInput<K>) => {
    const text = JSON.stringify(input)
    if (flying.current.has(text)) return
    flying.current.add(text)
    mutation.mutate(input)
  }
  return { ...mutation, mutate }
}
