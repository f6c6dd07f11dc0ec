import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Tooltip } from 'radix-ui'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createQueryClient } from './data/client.ts'
import { paths } from './paths.ts'
import { createConsoleRouter } from './router.tsx'
import './styles/base.css'

const client = createQueryClient(() => {
  const { pathname, href } = router.state.location
  if (pathname === '/login') return
  client.removeQueries({ queryKey: ['info'] })
  void router.navigate({ href: paths.login({ next: href }), replace: true })
})
const router = createConsoleRouter(client)

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <Tooltip.Provider delayDuration={250} skipDelayDuration={150}>
        <RouterProvider router={router} />
      </Tooltip.Provider>
    </QueryClientProvider>
  </StrictMode>,
)
