import { useEffect, useRef, useState } from 'react'

/**
 * A text that is typed, and goes into the address a moment after the last key; undefined there: nothing is asked.
 * What arrives of it says nothing new and undoes nothing that was typed since; another text in the address (a link, Back) takes its place.
 */
export function useTextInAddress(value: string | undefined, onChange: (value: string | undefined) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value ?? '')
  const sent = useRef<(string | undefined)[]>([])
  useEffect(() => {
    const arrived = sent.current.indexOf(value)
    sent.current = arrived === -1 ? [] : sent.current.slice(arrived + 1)
    if (arrived === -1) setText(value ?? '')
  }, [value])
  useEffect(() => {
    if (text.trim() === (value ?? '')) return
    const timer = setTimeout(() => {
      const next = text.trim() === '' ? undefined : text.trim()
      sent.current.push(next)
      onChange(next)
    }, 350)
    return () => clearTimeout(timer)
  }, [text])
  return [text, setText]
}
