/// <reference types="vite/client" />
interface ImportMetaEnv {
  /** False only in the build that is shipped. */
  readonly GALLERY: boolean
}
