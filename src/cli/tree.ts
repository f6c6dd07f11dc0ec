/**
 * Every command in one table: its words, its one-line summary and the file it lives in. Loading this table loads no
 * command; `nightshift --help`, completion of words and suggestions need nothing else.
 */
import type { CliCommand } from './command.ts'

export type Leaf = { kind: 'command'; brief: string; load: () => Promise<CliCommand>; hidden?: true }
/** A noun. `standard` is the verb of the bare noun: `nightshift apps` = `nightshift apps list`. */
export type Group = { kind: 'group'; brief: string; verbs: Readonly<Record<string, Leaf>>; standard?: string; /** What is no verb is an argument of the standard one: `nightshift logs shop`. */ open?: true }
/** Not a client of the API: a process of Nightshift itself, run by `src/up`. */
export type ProcessEntry = { kind: 'process'; brief: string }
export type Entry = Leaf | Group | ProcessEntry

const verb = (brief: string, load: () => Promise<CliCommand>): Leaf => ({ kind: 'command', brief, load })
const hidden = (brief: string, load: () => Promise<CliCommand>): Leaf => ({ kind: 'command', brief, load, hidden: true })
const noun = (brief: string, standard: string | undefined, verbs: Record<string, Leaf>): Group => ({ kind: 'group', brief, verbs, ...(standard === undefined ? {} : { standard }) })
const ownProcess = (brief: string): ProcessEntry => ({ kind: 'process', brief })

export type Section = { title: string; entries: Readonly<Record<string, Entry>> }

export const sections: readonly Section[] = [
  {
    title: 'Ship',
    entries: {
      deploy: verb('Deploy a directory, or an image, and follow it until it serves', async () => (await import('./commands/deploy.ts')).deploy),
      releases: verb('Releases, newest first', async () => (await import('./commands/releases.ts')).releases),
      rollback: verb('Go back to an earlier release, its config included', async () => (await import('./commands/rollback.ts')).rollback),
      rollout: noun('The switch from one release to another', 'show', {
        show: verb('The newest rollout, step by step', async () => (await import('./commands/rollout/show.ts')).rolloutShow),
        accept: verb('The newest release stays: it is not compared with the one before any more', async () => (await import('./commands/rollout/accept.ts')).rolloutAccept),
        cancel: verb('Give up the rollout under way; the old release serves on', async () => (await import('./commands/rollout/cancel.ts')).rolloutCancel),
      }),
      builds: noun('Source turned into something that runs', 'list', {
        list: verb('Builds, newest first', async () => (await import('./commands/builds/list.ts')).buildsList),
        info: verb('One build', async () => (await import('./commands/builds/info.ts')).buildsInfo),
        log: verb('The output of a build, from its start and as it grows', async () => (await import('./commands/builds/log.ts')).buildsLog),
        cancel: verb('Cancel a queued or running build', async () => (await import('./commands/builds/cancel.ts')).buildsCancel),
      }),
      manifest: verb('The manifest in force, or check a nightshift.yml', async () => (await import('./commands/manifest.ts')).manifest),
      'git-remote': verb('Add a git remote to this repository, to deploy by git push', async () => (await import('./commands/git-remote.ts')).gitRemote),
    },
  },
  {
    title: 'Run',
    entries: {
      apps: noun('Apps', 'list', {
        list: verb('All apps with their health', async () => (await import('./commands/apps/list.ts')).appsList),
        create: verb('Make an app', async () => (await import('./commands/apps/create.ts')).appsCreate),
        info: verb('One app: services, addresses, volumes, settings', async () => (await import('./commands/apps/info.ts')).appsInfo),
        link: verb('Let this folder stand for an app', async () => (await import('./commands/apps/link.ts')).appsLink),
        settings: verb('Settings of an app', async () => (await import('./commands/apps/settings.ts')).appsSettings),
      }),
      ps: verb('Instances and how they are', async () => (await import('./commands/ps.ts')).ps),
      scale: verb('Set the number of instances of services', async () => (await import('./commands/scale.ts')).scale),
      restart: verb('Restart instances one after the other, without a gap', async () => (await import('./commands/restart.ts')).restart),
      stop: verb('Stop all services; config, releases and volumes stay', async () => (await import('./commands/stop.ts')).stop),
      start: verb('Start a stopped app', async () => (await import('./commands/start.ts')).start),
      run: verb('Run a command in a fresh instance', async () => (await import('./commands/run.ts')).run),
      exec: verb('Run a command in a running instance', async () => (await import('./commands/exec.ts')).exec),
      open: verb('Open the app, or the console, in a browser', async () => (await import('./commands/open.ts')).open),
      destroy: verb('Stop and forget an app; its volumes are kept', async () => (await import('./commands/destroy.ts')).destroy),
    },
  },
  {
    title: 'Configure',
    entries: {
      config: noun('Variables', 'list', {
        list: verb('Variables of an app and where they are set', async () => (await import('./commands/config/list.ts')).configList),
        set: verb('Set variables; makes a release', async () => (await import('./commands/config/set.ts')).configSet),
        unset: verb('Unset variables; makes a release', async () => (await import('./commands/config/unset.ts')).configUnset),
      }),
      secrets: noun('Variables whose values are never shown', 'list', {
        list: verb('Names of secrets, and which are missing', async () => (await import('./commands/secrets/list.ts')).secretsList),
        set: verb('Set a secret, asked for or read from stdin; makes a release', async () => (await import('./commands/secrets/set.ts')).secretsSet),
        unset: verb('Unset secrets; makes a release', async () => (await import('./commands/secrets/unset.ts')).secretsUnset),
      }),
      domains: noun('Hosts and paths that lead to an app', 'list', {
        list: verb('Hosts and paths that lead to an app', async () => (await import('./commands/domains/list.ts')).domainsList),
        add: verb('Serve a service under a domain', async () => (await import('./commands/domains/add.ts')).domainsAdd),
        remove: verb('Stop serving a domain', async () => (await import('./commands/domains/remove.ts')).domainsRemove),
      }),
    },
  },
  {
    title: 'See',
    entries: {
      tonight: verb('One sentence about everything, and what needs a person', async () => (await import('./commands/tonight.ts')).tonight),
      logs: {
        ...noun('Log lines of every instance, past and present', 'show', {
          show: verb('Log lines, searched and followed', async () => (await import('./commands/logs/show.ts')).logsShow),
          patterns: verb('Similar lines in groups, and those that came with a release', async () => (await import('./commands/logs/patterns.ts')).logsPatterns),
          counts: verb('Lines over time, by level', async () => (await import('./commands/logs/counts.ts')).logsCounts),
          around: verb('What stands before and after a line', async () => (await import('./commands/logs/around.ts')).logsAround),
          keep: verb('How long and how much of an app’s log is kept', async () => (await import('./commands/logs/keep.ts')).logsKeep),
        }),
        open: true,
      },
      drains: noun('Where log lines are sent on to', 'list', {
        list: verb('Drains, and how far each has got', async () => (await import('./commands/drains/list.ts')).drainsList),
        add: verb('Send log lines on, from now on', async () => (await import('./commands/drains/add.ts')).drainsAdd),
        test: verb('Send one line to a drain now', async () => (await import('./commands/drains/test.ts')).drainsTest),
        remove: verb('Send no more lines there', async () => (await import('./commands/drains/remove.ts')).drainsRemove),
      }),
      search: verb('Find apps, services, releases, events, documents and lines by words', async () => (await import('./commands/search.ts')).search),
      events: verb('The journal: everything that happened', async () => (await import('./commands/events.ts')).events),
      map: verb('Services, what they need, and how they are', async () => (await import('./commands/map.ts')).map),
      traces: noun('Requests followed through services', 'list', {
        list: verb('Traces that were kept, newest first', async () => (await import('./commands/traces/list.ts')).tracesList),
        show: verb('One trace as a waterfall, with its log lines', async () => (await import('./commands/traces/show.ts')).tracesShow),
      }),
      traffic: verb('Rate, errors and latency of routes and edges', async () => (await import('./commands/traffic.ts')).traffic),
      metrics: {
        ...noun('What is measured, over time', 'list', {
          list: verb('Names of metrics, with their labels', async () => (await import('./commands/metrics/list.ts')).metricsList),
          query: verb('Series of a metric: newest, least and greatest, with a sparkline', async () => (await import('./commands/metrics/query.ts')).metricsQuery),
        }),
        open: true,
      },
      forwards: noun('Where metrics are sent on to', 'list', {
        list: verb('Forwards, and how far each has got', async () => (await import('./commands/forwards/list.ts')).forwardsList),
        add: verb('Send metrics on by Prometheus remote write, from now on', async () => (await import('./commands/forwards/add.ts')).forwardsAdd),
        test: verb('Send one sample to a forward now', async () => (await import('./commands/forwards/test.ts')).forwardsTest),
        remove: verb('Send no more samples there', async () => (await import('./commands/forwards/remove.ts')).forwardsRemove),
      }),
      dashboards: noun('Graphs that people put together', 'list', {
        list: verb('Dashboards that people made', async () => (await import('./commands/dashboards/list.ts')).dashboardsList),
        show: verb('One dashboard, as a file', async () => (await import('./commands/dashboards/show.ts')).dashboardsShow),
        save: verb('Make or replace a dashboard from a file', async () => (await import('./commands/dashboards/save.ts')).dashboardsSave),
        remove: verb('Remove a dashboard', async () => (await import('./commands/dashboards/remove.ts')).dashboardsRemove),
      }),
      resources: verb('CPU and memory of every instance', async () => (await import('./commands/resources.ts')).resources),
      checks: noun('What is checked from outside and from near', 'list', {
        list: verb('Checks and how they stand', async () => (await import('./commands/checks/list.ts')).checksList),
        show: verb('One check: config, vantage points, metrics', async () => (await import('./commands/checks/show.ts')).checksShow),
        kinds: verb('Kinds of checks, and what each is asked', async () => (await import('./commands/checks/kinds.ts')).checksKinds),
        add: verb('Make a check', async () => (await import('./commands/checks/add.ts')).checksAdd),
        set: verb('Change a check', async () => (await import('./commands/checks/set.ts')).checksSet),
        test: verb('Run a check once, before or after it is made', async () => (await import('./commands/checks/test.ts')).checksTest),
        pause: verb('Stop running a check', async () => (await import('./commands/checks/pause.ts')).checksPause),
        resume: verb('Run it again', async () => (await import('./commands/checks/resume.ts')).checksResume),
        remove: verb('Remove a check and its history', async () => (await import('./commands/checks/remove.ts')).checksRemove),
        history: verb('States, and what was not right', async () => (await import('./commands/checks/history.ts')).checksHistory),
        windows: verb('Planned maintenance', async () => (await import('./commands/checks/windows.ts')).checksWindows),
        window: verb('Plan maintenance: checks alert nobody', async () => (await import('./commands/checks/window.ts')).checksWindow),
        'window-remove': verb('End or forget planned maintenance', async () => (await import('./commands/checks/window-remove.ts')).checksWindowRemove),
        plugins: verb('Plugins that checks can run', async () => (await import('./commands/checks/plugins.ts')).checksPlugins),
        plugin: verb('Add or replace a Nagios or Cloudkick plugin', async () => (await import('./commands/checks/plugin.ts')).checksPlugin),
        'plugin-remove': verb('Remove a plugin', async () => (await import('./commands/checks/plugin-remove.ts')).checksPluginRemove),
      }),
      machines: noun('Machines and what each cannot do', 'list', {
        list: verb('Machines and what each cannot do', async () => (await import('./commands/machines/list.ts')).machinesList),
        tag: verb('Give tags to a machine, which queries name it by', async () => (await import('./commands/machines/tag.ts')).machinesTag),
        untag: verb('Take tags from a machine', async () => (await import('./commands/machines/untag.ts')).machinesUntag),
        forget: verb('Forget a machine that is lost for good', async () => (await import('./commands/machines/forget.ts')).machinesForget),
      }),
      loops: verb('What control does by itself, and what it waits for', async () => (await import('./commands/loops.ts')).loops),
      find: verb('What a query over machines, apps, services, instances and checks matches', async () => (await import('./commands/find.ts')).find),
    },
  },
  {
    title: 'Heal',
    entries: {
      why: verb('Why an app or a service is as it is, and what to do', async () => (await import('./commands/why.ts')).why),
      heal: noun('What was noticed, done and verified', 'list', {
        list: verb('Remediations, newest first', async () => (await import('./commands/heal/list.ts')).healList),
        show: verb('One remediation: noticed, cause, each try and its outcome', async () => (await import('./commands/heal/show.ts')).healShow),
        approve: verb('Do the action that is suggested', async () => (await import('./commands/heal/approve.ts')).healApprove),
        dismiss: verb('Take it yourself: healing leaves that target alone', async () => (await import('./commands/heal/dismiss.ts')).healDismiss),
        rules: verb('The rules, their ladders, modes and budgets', async () => (await import('./commands/heal/rules.ts')).healRules),
        mode: verb('Set the mode of a rule: off, suggest or auto', async () => (await import('./commands/heal/mode.ts')).healMode),
        set: verb('Set the time and the budgets of a rule', async () => (await import('./commands/heal/set.ts')).healSet),
        pause: verb('Pause healing of an app, or of everything, for a while', async () => (await import('./commands/heal/pause.ts')).healPause),
        pauses: verb('Where healing is paused, and until when', async () => (await import('./commands/heal/pauses.ts')).healPauses),
        unpause: verb('End a pause before its time', async () => (await import('./commands/heal/unpause.ts')).healUnpause),
        stop: verb('Stop all healing by control', async () => (await import('./commands/heal/stop.ts')).healStop),
        resume: verb('Let healing go on', async () => (await import('./commands/heal/resume.ts')).healResume),
      }),
      alerts: verb('What a person must know', async () => (await import('./commands/alerts.ts')).alerts),
      rules: noun('Alert rules', 'list', {
        list: verb('Alert rules, and how many series fire', async () => (await import('./commands/rules/list.ts')).rulesList),
        show: verb('One rule and its series', async () => (await import('./commands/rules/show.ts')).rulesShow),
        add: verb('Make a rule, or replace it', async () => (await import('./commands/rules/add.ts')).rulesAdd),
        remove: verb('Remove a rule', async () => (await import('./commands/rules/remove.ts')).rulesRemove),
        mode: verb('Switch a rule on or off', async () => (await import('./commands/rules/mode.ts')).rulesMode),
        import: verb('Take over a rule file of Prometheus', async () => (await import('./commands/rules/import.ts')).rulesImport),
        test: verb('When a rule would have fired', async () => (await import('./commands/rules/test.ts')).rulesTest),
      }),
      slo: verb('Objectives of apps, what is left of their error budgets, how fast they burn', async () => (await import('./commands/slo.ts')).slo),
      changes: verb('What changed, newest first', async () => (await import('./commands/changes.ts')).changes),
    },
  },
  {
    title: 'Access',
    entries: {
      login: verb('Save the address and a token of a Nightshift', async () => (await import('./commands/login.ts')).login),
      logout: verb('Forget the saved login', async () => (await import('./commands/logout.ts')).logout),
      whoami: verb('Which Nightshift, as whom, and what that may do', async () => (await import('./commands/whoami.ts')).whoami),
      'login-link': verb('Make a one-time login link for the console', async () => (await import('./commands/login-link.ts')).loginLink),
      tokens: noun('API tokens', 'list', {
        list: verb('API tokens, without their secrets', async () => (await import('./commands/tokens/list.ts')).tokensList),
        create: verb('Make an API token; its secret is shown once', async () => (await import('./commands/tokens/create.ts')).tokensCreate),
        revoke: verb('Revoke an API token at once', async () => (await import('./commands/tokens/revoke.ts')).tokensRevoke),
      }),
      completion: verb('A completion script for bash, zsh or fish', async () => (await import('./commands/completion.ts')).completion),
    },
  },
  {
    title: 'Nightshift itself',
    entries: {
      up: ownProcess('Start Nightshift on this machine'),
      down: ownProcess('Stop Nightshift; with --apps, the apps too'),
      status: ownProcess('Processes of the Nightshift on this machine'),
      control: ownProcess('Run the control process alone'),
      agent: ownProcess('Run an agent alone'),
      proxy: ownProcess('Run a proxy alone'),
      postgres: ownProcess('Run the embedded database alone'),
    },
  },
]

const internal: Readonly<Record<string, Entry>> = {
  'cli-reference': hidden('Print docs/cli.md', async () => (await import('./commands/cli-reference.ts')).cliReference),
  'git-credential': hidden('Answer git’s credential helper protocol', async () => (await import('./commands/git-credential.ts')).gitCredential),
  complete: hidden('Propose completions for a command line', async () => (await import('./commands/complete.ts')).complete),
}

/** Every first word. */
export const entries: ReadonlyMap<string, Entry> = new Map([...sections.flatMap((section) => Object.entries(section.entries)), ...Object.entries(internal)])

export function isHidden(entry: Entry): boolean {
  return entry.kind === 'command' && entry.hidden === true
}

/** Words of other tools and older habits → ours. They work, but nothing lists them. */
export const synonyms: Readonly<Record<string, string>> = { app: 'apps', build: 'builds', domain: 'domains', secret: 'secrets', token: 'tokens', log: 'logs', event: 'events', release: 'releases', machine: 'machines', alert: 'alerts', check: 'checks', metric: 'metrics', change: 'changes', healing: 'heal', info: 'apps info', create: 'apps create', link: 'apps link', top: 'resources' }
