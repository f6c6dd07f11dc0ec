import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { queries } from '../data/queries.ts'

const restMs = 120

/** The answer to what was typed, once the typing rests; the one before stays meanwhile. */
export function useSearch(text: string) {
  const asked = text.trim()
  const [rested, setRested] = useState(asked)
  useEffect(() => {
    const timer = setTimeout(() => setRested(asked), restMs)
    return () => clearTimeout(timer)
  }, [asked])
  const query = useQuery({ ...queries.search(rested), enabled: rested !== '' && asked !== '', placeholderData: keepPreviousData })
  return { answer: asked === '' ? undefined : query.data, waiting: asked !== '' && (query.isFetching || rested !== asked), failed: query.isError }
}
