/** What a builder is: it looks at a folder, says whether it can build it and why, and plans steps. It carries nothing out. */
import type { BuilderName, ServiceManifest } from '#contract/manifest.ts'

export type BuildSettings = ServiceManifest['build']

export type Tools = {
  /** Absolute path of the Node that builds and runs apps. */
  node: { path: string; version: string }
  /** argv prefix of npm, run by that Node; null: not on this machine. */
  npm: string[] | null
  python: { path: string; version: string } | null
  /** Absolute path of a program in PATH, or null. */
  find(name: string): string | null
}

export type BuildContext = {
  /** Absolute folder of the service, within the unpacked source. */
  dir: string
  /** The top of the unpacked source. */
  top: string
  settings: BuildSettings
  tools: Tools
  /** Kept between builds of this app and environment; absolute. */
  cache: string
  /** Variables for the build: the app's config, and `build.env`. */
  env: Record<string, string>
}

export type Step =
  /** Runs a program; its output goes to the build log. */
  | { kind: 'run'; title: string; argv: string[]; cwd: string; env?: Record<string, string> }
  /** Moves or copies `cache/<key>` to `to`; when that worked, the steps in `instead` are left out. */
  | { kind: 'restore'; title: string; key: string; to: string; instead: Step[] }
  /** Copies `from` to `cache/<key>`, and drops other keys of the same name before the dash. */
  | { kind: 'save'; key: string; from: string }
  | { kind: 'write'; path: string; content: string; executable?: boolean }
  /** Makes a virtual environment independent of where it lies. */
  | { kind: 'relocate-venv'; venv: string; builtAt: string }
  | { kind: 'remove'; path: string }
  | { kind: 'say'; text: string }

export type Plan = {
  /** `node v26.10.0`; for people. */
  runtime: string
  steps: Step[]
  /** Start commands known before the build, by process type. Shell lines. */
  processes: Record<string, string>
  /** What the build's own output says about start commands; asked after the steps. */
  processesAfter?: () => Promise<Record<string, string>>
  /** Folders put in front of PATH, relative to `dir`. */
  path: string[]
}

export type Builder = {
  name: Exclude<BuilderName, 'auto'>
  /** In one sentence what makes it fit, or null. */
  detect(dir: string, settings: BuildSettings): Promise<{ because: string } | null>
  /** Throws `invalid` when it cannot build this. */
  plan(context: BuildContext): Promise<Plan>
}
