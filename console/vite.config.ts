import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { type Plugin, defineConfig } from 'vite'

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
  plugins: [themeFirst(), react(), tailwind()],
  define: { 'import.meta.env.GALLERY': JSON.stringify(mode !== 'production') },
  build: { target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: true, chunkSizeWarningLimit: 800 },
  server: { proxy: { '/v1': { target: process.env['NIGHTSHIFT_URL'] ?? 'http://127.0.0.1:7171', ws: true } } },
}))
