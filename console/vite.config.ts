import { pathToFileURL } from 'node:url'
import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { type Plugin, defineConfig } from 'vite'

/**
 * The client needs of an endpoint its method, its path and whether it takes a body; the schemas (and zod with them) stay
 * on the server. At build time the table is read and only that is kept: 60 kB less to load.
 */
function slimEndpoints(): Plugin {
  return {
    name: 'slim-endpoints',
    enforce: 'pre',
    async load(id) {
      const file = id.split('?')[0] as string
      if (!file.endsWith('/src/contract/endpoints.ts')) return null
      const { endpoints } = (await import(pathToFileURL(file).href)) as typeof import('../src/contract/endpoints.ts')
      const slim = Object.fromEntries(
        Object.entries(endpoints).map(([name, spec]) => [name, { method: spec.method, path: spec.path, ...('body' in spec ? { body: true } : {}), ...('upload' in spec ? { upload: spec.upload } : {}) }]),
      )
      return `export const endpoints = ${JSON.stringify(slim)}`
    },
  }
}

/** Sets the theme before the first paint. A file of its own, because the page's policy allows no inline scripts. */
const themeScript = `(()=>{const d=document.documentElement;try{const t=localStorage.getItem('theme');if(t)d.dataset.theme=t;const s=localStorage.getItem('density');if(s)d.dataset.density=s}catch{}})()`

function themeFirst(): Plugin {
  let reference: string | undefined
  return {
    name: 'theme-first',
    buildStart() {
      if (this.environment.mode === 'build') reference = this.emitFile({ type: 'asset', name: 'theme.js', source: themeScript })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        if (!context.bundle) return [{ tag: 'script', children: themeScript, injectTo: 'head-prepend' }]
        const script = Object.values(context.bundle).find((one) => one.type === 'asset' && one.names.includes('theme.js'))
        const fonts = Object.keys(context.bundle).filter((name) => /newsreader-latin-400-normal|ibm-plex-mono-latin-400/.test(name))
        if (reference === undefined || !script) throw new Error('theme.js was not emitted')
        return [
          { tag: 'script', attrs: { src: `/${script.fileName}` }, injectTo: 'head-prepend' },
          ...fonts.map((name) => ({ tag: 'link', attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${name}`, crossorigin: '' }, injectTo: 'head' as const })),
        ]
      },
    },
  }
}

export default defineConfig(({ mode }) => ({
  base: '/',
  plugins: [slimEndpoints(), themeFirst(), react(), tailwind()],
  define: { 'import.meta.env.GALLERY': JSON.stringify(mode !== 'production') },
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true, chunkSizeWarningLimit: 800 },
  server: { proxy: { '/v1': { target: process.env['NIGHTSHIFT_URL'] ?? 'http://127.0.0.1:7171', ws: true } } },
}))
