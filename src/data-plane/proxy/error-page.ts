import { type Failure, reasons } from './failure.ts'

/** The page, problem document or line that a failure becomes, by what the client takes. Never names an internal address. */
export type ErrorBody = { contentType: string; body: string }

export function errorBody(failure: Failure, requestId: string, accept: string | undefined): ErrorBody {
  const wish = accept?.toLowerCase() ?? ''
  const json = wish.search(/application\/(problem\+)?json/)
  const html = wish.search(/text\/html|application\/xhtml/)
  if (json !== -1 && (html === -1 || json < html)) {
    const { status, kind, title, detail } = failure
    return {
      contentType: 'application/problem+json',
      body: `${JSON.stringify({ type: 'about:blank', title, status, detail, kind, requestId })}\n`,
    }
  }
  if (html !== -1) return { contentType: 'text/html; charset=utf-8', body: page(failure, requestId) }
  return {
    contentType: 'text/plain; charset=utf-8',
    body: `${failure.status} ${failure.title}\n${failure.detail}\nRequest ${requestId}\n`,
  }
}

/** An HTTP/1 answer of ours, whole: head and body. `connection` is its Connection field. */
export function errorResponse(
  failure: Failure,
  options: { requestId: string; accept: string | undefined; head: boolean; connection: 'keep-alive' | 'close' | ''; location?: string },
): string {
  const { contentType, body } = errorBody(failure, options.requestId, options.accept)
  let lines = `HTTP/1.1 ${failure.status} ${reasons[failure.status] ?? 'Error'}\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nNightshift-Error: ${failure.kind}\r\nX-Request-ID: ${options.requestId}\r\nDate: ${new Date().toUTCString()}\r\n`
  if (failure.retryAfterSeconds !== undefined) lines += `Retry-After: ${failure.retryAfterSeconds}\r\n`
  if (failure.status === 405) lines += 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n'
  if (options.location !== undefined) lines += `Location: ${options.location}\r\n`
  if (options.connection !== '') lines += `Connection: ${options.connection}\r\n`
  return `${lines}\r\n${options.head ? '' : body}`
}

function page(failure: Failure, requestId: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${failure.status} ${escape(failure.title)}</title>
<style>
:root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6475; --paper: #f7f7f4; --line: #dcdcd5 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e9ec; --soft: #9aa3b5; --paper: #12151c; --line: #2a303c } }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }
main { max-width: 32rem; padding: 2rem }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem }
p { margin: 0 0 1rem; overflow-wrap: anywhere }
small { display: block; border-top: 1px solid var(--line); padding-top: 1rem; color: var(--soft); overflow-wrap: anywhere }
</style>
<main>
<h1>${escape(failure.title)}</h1>
<p>${escape(failure.detail)}</p>
<small>${failure.status} · ${escape(failure.kind)} · request ${escape(requestId)}</small>
</main>
</html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
