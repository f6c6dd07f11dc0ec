import { useMutation, useQueryClient } from '@tanstack/react-query'
import { messageOf } from '#base/errors.ts'
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
  return useMutation({
    mutationFn: (input: CallInput<K>) => (api.call as (id: K, input: CallInput<K>) => Promise<Answer<K>>)(id, input),
    onSuccess: (answer) => {
      if (done !== undefined) notices.add({ tone: 'done', text: typeof done === 'string' ? done : done(answer) })
      for (const word of touches) void client.invalidateQueries({ queryKey: [word] })
      onDone?.(answer)
    },
    onError: (error) => {
      if (!quiet) notices.add({ tone: 'failed', text: messageOf(error) })
    },
  })
}
