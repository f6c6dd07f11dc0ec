import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { Button } from '../components/button.tsx'
import { Command } from '../components/copy.tsx'
import { Input } from '../components/field.tsx'
import { FormProblem } from '../components/problem.tsx'
import { api } from '../data/api.ts'
import { commands } from '../lib/commands.ts'
import { useTitle } from '../lib/use-title.ts'
import { Wordmark } from '../shell/wordmark.tsx'

const route = getRouteApi('/login')

/** What somebody pasted: a whole login link, or the code or token itself. */
function codeOf(pasted: string): string {
  const text = pasted.trim()
  try {
    return new URL(text).searchParams.get('code') ?? text
  } catch {
    return text
  }
}

/** Only an address of this console: never another site, and never back here. */
const safeNext = (next: string | undefined) => (next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') && !next.startsWith('/login') ? next : '/')

export function Login() {
  useTitle('Sign in')
  const { code, next } = route.useSearch()
  const { redeem, state, error } = useRedeem(next)
  const [pasted, setPasted] = useState('')
  const redeemed = useRef(false)
  useEffect(() => {
    if (code === undefined || redeemed.current) return
    redeemed.current = true
    void redeem(code)
  }, [code, redeem])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (pasted.trim() !== '') void redeem(codeOf(pasted))
  }
  return (
    <main className="mx-auto grid min-h-dvh max-w-[460px] content-center px-5 py-12">
      <Wordmark />
      <h1 className="mt-8 text-2xl">Sign in</h1>
      {state === 'asking' ? (
        <p role="status" className="mt-3 text-soft">
          Opening the door…
        </p>
      ) : (
        <>
          <p className="mt-2 text-soft">Make a one-time link where Nightshift runs, and open it here:</p>
          <div className="mt-3">
            <Command>{commands.loginLink}</Command>
          </div>
          <form onSubmit={submit} className="mt-7">
            <Input label="Or paste a login link, its code, or an API token" type="password" autoComplete="off" value={pasted} onChange={(event) => setPasted(event.target.value)} aria-invalid={error !== null || undefined} />
            <FormProblem error={error} />
            <Button type="submit" tone="main" className="mt-4 w-full" onClick={() => {}}>
              Sign in
            </Button>
          </form>
        </>
      )}
    </main>
  )
}

function useRedeem(next: string | undefined) {
  const client = useQueryClient()
  const router = useRouter()
  const [state, setState] = useState<'idle' | 'asking'>('idle')
  const [error, setError] = useState<unknown>(null)
  const redeem = async (code: string) => {
    setState('asking')
    setError(null)
    try {
      await api.call('login.redeem', { body: { code } })
      client.clear()
      await router.navigate({ href: safeNext(next), replace: true })
    } catch (failure) {
      setError(failure)
      setState('idle')
    }
  }
  return { redeem, state, error }
}
