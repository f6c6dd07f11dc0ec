/** The kinds of the journal: past-tense facts. Adding one here is all that is needed to record it. */
export const eventKinds = [
  'app.created', 'app.destroyed', 'environment.created',
  'build.queued', 'build.started', 'build.succeeded', 'build.failed', 'build.cancelled',
  'release.created', 'release.activated', 'release.failed',
  'rollout.started', 'rollout.finished', 'rollout.failed', 'rollout.rolled-back', 'rollout.shared', 'bake.started', 'bake.passed', 'bake.accepted', 'release.condemned',
  'config.changed', 'secret.changed', 'scale.changed', 'domain.added', 'domain.removed', 'certificate.changed',
  'app.stopped', 'app.started', 'app.restarted',
  'instance.created', 'instance.started', 'instance.ready', 'instance.unhealthy', 'instance.exited', 'instance.restarting',
  'instance.held', 'instance.stopped', 'instance.vanished', 'instance.traced', 'instance.removed',
  'instance.ejected', 'instance.readmitted', 'edge.opened', 'edge.closed',
  'remediation.opened', 'remediation.suggested', 'remediation.approved', 'remediation.tried', 'remediation.verified', 'remediation.failed',
  'remediation.recovered', 'remediation.handed-over', 'remediation.dismissed', 'alert.raised', 'alert.cleared', 'rule.changed', 'slo.changed',
  'healing.stopped', 'healing.resumed', 'healing.rule-changed', 'healing.paused', 'healing.unpaused', 'healing.breaker-opened', 'healing.breaker-closed', 'disk.pruned',
  'check.created', 'check.changed', 'check.removed', 'check.paused', 'check.resumed', 'check.down', 'check.up', 'maintenance.planned', 'maintenance.removed', 'plugin.added', 'plugin.removed',
  'volume.created', 'volume.orphaned', 'volume.adopted',
  'machine.connected', 'machine.lost', 'machine.tagged', 'machine.forgotten', 'proxy.connected', 'proxy.lost',
  'token.created', 'token.revoked', 'session.opened', 'session.closed', 'login.created', 'terminal.opened', 'terminal.closed',
  'drain.added', 'drain.removed', 'drain.failing', 'drain.recovered', 'drain.dropped',
  'forward.added', 'forward.removed', 'forward.failing', 'forward.recovered', 'forward.dropped',
  'dashboard.saved', 'dashboard.removed', 'logs.keeping-changed', 'git.pushed', 'git.refused', 'control.started',
] as const
export type EventKind = (typeof eventKinds)[number]
