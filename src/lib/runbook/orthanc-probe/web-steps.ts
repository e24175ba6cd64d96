import type {Failure} from '../../clients/orthanc/types.ts'
import {failureOf, isKept} from './ask.ts'
import type {ProbeStep} from './schema.ts'
import type {Asked, Finding, Place} from './types.ts'
import type {RootSight, ViewerSight, WebSight} from './web.ts'

type WebStep = ProbeStep & {readonly name: 'viewer' | 'design-system'}

const NAMED_BY_NONE: Finding = {status: 'skipped', reason: 'the catalogue names none'}

/** The page of the design system; one step. Pure. */
export function designSystemSteps(sight: WebSight | null): WebStep[] {
  const name = 'design-system'
  return [sight === null ? step(name, '-', NAMED_BY_NONE) : step(name, sight.target, pageFinding(sight), sight.page)]
}

/** Page, configuration, and each root that it names. Pure. */
export function viewerSteps(sight: ViewerSight | null): WebStep[] {
  const name = 'viewer'
  if (sight === null) return [step(name, '-', NAMED_BY_NONE)]
  const {target, config, roots} = sight
  const steps = [step(name, target, pageFinding(sight), sight.page)]
  if (config === null) return [...steps, step(name, 'app-config.js', {status: 'skipped', reason: 'needs the page'})]
  steps.push(step(name, 'app-config.js', configFinding(sight), config))
  for (const root of roots ?? []) steps.push(step(name, root.text ?? root.settings.join(', '), rootFinding(root), root.asked))
  return steps
}

function step(name: WebStep['name'], target: string, {status, reason}: Finding, asked: Asked<{readonly ms: number}> = null): WebStep {
  return {name, target, status, ms: asked?.answer == null ? null : Math.round(asked.answer.ms), reason}
}

function pageFinding({page, place}: WebSight): Finding {
  if (page !== null) return answerFinding(page) ?? {status: 'ok', reason: ''}
  return place === null ? {status: 'skipped', reason: 'not asked'} : noPodFinding(place)
}

/** As bad as the workload behind it. */
function noPodFinding({findings: {endpoints}, found, pods, port}: Place): Finding {
  if (found !== null && pods.some(({pod}) => pod.endpoint.state !== 'off')) {
    return {status: 'critical', reason: `its service leads from port ${port} to no port of its pods`}
  }
  return endpoints
}

function configFinding({config, roots}: ViewerSight): Finding {
  const finding = answerFinding(config)
  if (finding !== null) return finding
  if (roots === null || roots.length > 0) return {status: 'ok', reason: ''}
  // Web servers of single-page applications answer with the page for whatever there is not.
  const isPage = /^\s*</.test(config?.answer?.value ?? '')
  const what = isPage ? 'is not there: the page is the answer to it' : 'names neither qidoRoot nor wadoRoot'
  return {status: 'critical', reason: `app-config.js ${what}; the viewer has nowhere to read images from`}
}

function rootFinding({way, asked, settings}: RootSight): Finding {
  const which = settings.join(', ')
  if (way === null) return {status: 'skipped', reason: 'is computed in the browser'}
  if (way.kind === 'outside') return {status: 'skipped', reason: `${which}: outside of the cluster, where nothing is sent`}
  if (way.kind === 'nowhere') {
    return {
      status: 'critical',
      reason: `${which}: ${way.host} is no service of the namespace that has a pod, and no name that a browser knows`,
    }
  }
  const isInternal = way.kind === 'pod' && way.isInternal
  const internal = isInternal ? `${which}: ${way.host} is known in the cluster alone, and no browser reaches it` : ''
  if (asked === null) return {status: isInternal ? 'warning' : 'skipped', reason: internal || 'over TLS, which was not asked'}
  const failure = failureOf(asked)
  const words = isKept(failure) ? 'asks for credentials' : ''
  const finding = isKept(failure) ? null : answerFinding(asked)
  if (finding === null) return {status: isInternal ? 'warning' : 'ok', reason: [internal, words].filter((part) => part !== '').join('; ')}
  const status = finding.status === 'unknown' && isInternal ? 'warning' : finding.status
  return {status, reason: [internal, `DICOMweb there ${finding.reason}`].filter((part) => part !== '').join('; ')}
}

/** What is wrong with an answer; null where nothing is. */
function answerFinding(asked: Asked<{readonly failure: Failure | null}>): Finding | null {
  if (asked === null) return null
  if (asked.lost !== null) return {status: asked.lost.isDead ? 'critical' : 'unknown', reason: asked.lost.error.message}
  const {failure} = asked.answer
  if (failure === null) return null
  // A login page in front of it, or a filter, says nothing about what is behind.
  const isUnknown = failure.kind === 'redirect' || isKept(failure)
  return {status: isUnknown ? 'unknown' : 'critical', reason: failure.words}
}
