import type {Catalogue} from '../../catalogue/index.ts'
import {age} from '../../text/age.ts'
import {isoTime, isoTimeOrNull, parseTime} from '../../text/time.ts'
import {autoscalerOf, type Judgement, judgeWorkload, verdictOf, worst} from '../../workload/index.ts'
import {warningOf} from '../cluster/index.ts'
import type {DataPlane} from '../data-plane/index.ts'
import {factsOf, type Group} from '../inventory/index.ts'
import type {JournalEntry} from '../journal/index.ts'
import type {Severity, Warning} from '../schema.ts'
import {backlogFindings} from './backlog.ts'
import type {Look} from './collect.ts'
import {leftoversOf, unreadUsers} from './leftovers.ts'
import type {AuditInactiveReport, Finding, FindingId, InactiveItem} from './schema.ts'
import {type Since, sinceWhen} from './since.ts'

export interface AuditOptions {
  readonly catalogue: Catalogue
  /** Milliseconds at zero from which on it is long. */
  readonly olderThanMs: number
  readonly strict: boolean
  readonly journal: readonly JournalEntry[]
  readonly context: string | null
  readonly namespace: string
  readonly now: number
  readonly warnings: readonly Warning[]
  /** What waits for those at zero; null where nobody looked. */
  readonly data: DataPlane | null
}

export function isInactive({deployment}: Group): boolean {
  return deployment?.replicas === 0
}

/** The report on one look. Pure. */
export function auditInactiveReport(look: Look, options: AuditOptions): AuditInactiveReport {
  const {inventory, events, autoscalers, scaledObjects, services, budgets, others} = look
  const {now, data} = options
  const present = inventory.groups.filter(({deployment}) => deployment !== null)
  const items = present.filter(isInactive).map((group) => itemOf(group, look, options))
  return {
    apiVersion: 'sapoche/v1',
    kind: 'AuditInactiveReport',
    generatedAt: isoTime(now),
    context: options.context,
    namespace: options.namespace,
    verdict: verdictOf(items, new Set()),
    olderThan: options.olderThanMs / 1000,
    summary: {deployments: present.length, inactive: items.length, expected: items.filter(({expected}) => expected === true).length},
    items,
    notChecked: [
      ...(data === null ? ['backlogs of queues and topics of what is inactive (--deep)'] : unseenBacklogs(items, data)),
      ...(unreadUsers(look) ? ['other kinds that may use what seems to be left'] : []),
    ],
    warnings: [
      ...options.warnings,
      ...dataWarnings(data),
      ...[events, autoscalers, scaledObjects, services, budgets, ...others].flatMap(warningOf),
    ],
  }
}

/** Servers without an answer, and what their readers say. */
function dataWarnings(data: DataPlane | null): Warning[] {
  if (data === null) return []
  const silent = data.servers.filter(({severity}) => severity === 'unknown' || severity === 'critical')
  return [...silent.map(({name, reason}) => ({code: name, message: `${name}: ${reason}`})), ...data.warnings]
}

function unseenBacklogs(items: readonly InactiveItem[], {notChecked}: DataPlane): string[] {
  const isUnbound = ({category, queues, groups}: InactiveItem): boolean =>
    (category === 'consumers' || category === 'workers') && queues?.length === 0 && groups?.length === 0
  const unbound = items.filter(isUnbound).map(({name}) => name)
  const words = `backlogs of ${unbound.join(', ')}: nothing says which queue or group`
  return [...notChecked.filter((what) => what !== 'DICOM'), ...(unbound.length === 0 ? [] : [words])]
}

function itemOf(group: Group, look: Look, options: AuditOptions): InactiveItem {
  const {name, category, listed, deployment, replicaSets} = group
  const {now, journal} = options
  if (deployment === null) throw new Error('an item is of a deployment')
  const judgement = judge(group, look, options)
  const since = sinceWhen({
    deployment,
    replicaSets,
    events: (look.events.items ?? []).filter(({involved}) => involved.uid === deployment.uid),
    journal: journal.filter(({target}) => target === name),
    now,
  })
  const leftovers = leftoversOf(group, look)
  const bound = options.data === null ? null : (options.data.workloads.get(name) ?? {queues: [], groups: []})
  const findings = [...findingsOf(group, judgement, since, leftovers, options), ...(bound === null ? [] : backlogFindings(bound))]
  const expected = judgement.health === 'inactive' ? true : judgement.health === 'unknown' ? null : false
  return {
    name,
    category,
    listed: listed !== null,
    expected,
    severity: worst(findings.map(({severity}) => severity)),
    reason: judgement.reason,
    since: isoTimeOrNull(since.at),
    sinceAtLatest: isoTimeOrNull(since.atLatest),
    by: since.by,
    evidence: [...since.evidence],
    images: deployment.template.containers
      .filter(({role}) => role !== 'init')
      .map((container) => ({container: container.name, image: container.image})),
    rolledOutAt: isoTimeOrNull(judgement.changed?.at ?? null),
    leftovers,
    queues: bound && [...bound.queues],
    groups: bound && [...bound.groups],
    findings,
    next: [
      ...new Set([
        ...[...(bound?.queues ?? []), ...(bound?.groups ?? [])].flatMap(({next}) => next),
        ...nextCommands(name, expected, listed !== null),
      ]),
    ],
  }
}

/** By the rules of every other command, so that a zero that `status` accepts is accepted here. */
function judge(group: Group, {inventory, autoscalers, scaledObjects}: Look, {catalogue, strict, now}: AuditOptions): Judgement {
  const autoscaler = autoscalers.items === null ? 'unreadable' : autoscalerOf(autoscalers.items, 'Deployment', group.name)
  const scaledObject = scaledObjects.items === null ? 'unreadable' : autoscalerOf(scaledObjects.items, 'Deployment', group.name)
  return judgeWorkload(factsOf(group, inventory, catalogue, {strict, autoscaler, scaledObject}), now)
}

function findingsOf(
  {listed}: Group,
  judgement: Judgement,
  since: Since,
  leftovers: InactiveItem['leftovers'],
  options: AuditOptions,
): Finding[] {
  const {now, olderThanMs} = options
  const found: Finding[] = []
  const add = (id: FindingId, severity: Severity, evidence: string, recommendation: Finding['recommendation']): void => {
    found.push({id, severity, evidence, recommendation})
  }
  const {health, reason, severity, temporary} = judgement
  if (health === 'inactive') add('inactive-expected', 'info', reason, 'keep')
  else if (health === 'unknown') add('inactive-unclear', severity, reason, 'keep')
  else if (temporary?.overdue === true) add('temporary-overdue', severity, reason, 'reactivate')
  else if (listed === null) add('inactive-unlisted', severity, `${reason}; the catalogue lacks it`, 'remove')
  else add('inactive-unexpected', severity, reason, 'reactivate')

  if (since.atLatest !== null && now - since.atLatest >= olderThanMs) {
    const least = since.at === null ? 'at least ' : ''
    add('long-inactive', 'warning', `at zero for ${least}${age(now - since.atLatest)}, which is over ${age(olderThanMs)}`, 'remove')
  }
  const reviewBy = parseTime(listed?.inactive?.reviewBy)
  if (reviewBy !== null && reviewBy <= now)
    add('review-due', 'warning', `the catalogue asks for a review by ${listed?.inactive?.reviewBy}`, 'remove')
  if (leftovers.length > 0) {
    add(
      'leftovers',
      'info',
      `still there: ${leftovers.map(({kind, name}) => `${kind} ${name}`).join(', ')}`,
      health === 'inactive' ? 'keep' : 'reactivate',
    )
  }
  return found
}

function nextCommands(name: string, expected: boolean | null, listed: boolean): string[] {
  const history = `sapoche history ${name}`
  if (expected === true) return [history]
  return [
    listed ? `sapoche scale ${name} --to-baseline` : `sapoche scale ${name} --replicas 1`,
    `sapoche changes ${name} --since 3d`,
    history,
  ]
}
