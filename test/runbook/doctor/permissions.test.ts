import {describe, expect, test} from 'vitest'
import {RefusedError} from '../../../src/lib/errors/index.ts'
import {commandRow} from '../../../src/lib/runbook/doctor/commands.ts'
import {
  type Gap,
  gapsOf,
  type GrantedRule,
  isGranted,
  keyOf,
  neededRights,
  type Right,
} from '../../../src/lib/runbook/doctor/permissions.ts'
import {reviewRights} from '../../../src/lib/runbook/doctor/review.ts'
import {PERMISSIONS} from '../../../src/lib/runbook/rbac/index.ts'
import type {Asked} from '../../clients/kubernetes/support.ts'
import {PATIENT, served} from '../served.ts'

const right = (text: string): Right => {
  const [, group = '', resource = '', verb = ''] = /^(.*?)\/(\S+) (\S+)$/.exec(text) ?? []
  return {group, resource, verb, isClusterWide: resource === 'nodes'}
}
const rule = (more: Partial<GrantedRule> = {}): GrantedRule => ({
  apiGroups: [''],
  resources: ['pods'],
  verbs: ['list'],
  resourceNames: [],
  ...more,
})
const ALL = rule({apiGroups: ['*'], resources: ['*'], verbs: ['*']})

describe('what a rule gives', () => {
  test.each<[string, Partial<GrantedRule>, string, boolean]>([
    ['itself', {}, '/pods list', true],
    ['no other verb', {}, '/pods watch', false],
    ['no other group', {}, 'metrics.k8s.io/pods list', false],
    ['no subresource', {verbs: ['*']}, '/pods/exec create', false],
    ['a subresource', {resources: ['pods/exec'], verbs: ['create']}, '/pods/exec create', true],
    ['a subresource of all', {resources: ['*/exec'], verbs: ['create']}, '/pods/exec create', true],
    ['all resources', {resources: ['*']}, '/pods/exec list', true],
    ['not what is for one object alone', {resourceNames: ['web']}, '/pods list', false],
    ['nothing outside of namespaces', {resources: ['*']}, '/nodes list', false],
  ])('%s', (_, more, asked, granted) => {
    expect(isGranted(right(asked), [rule(more)])).toBe(granted)
  })
})

describe('what commands lack', () => {
  test('nothing, with all rights of the table', () => {
    const granted = new Set(neededRights(null).map(keyOf))
    expect(gapsOf(granted, null).flatMap(({gaps}) => gaps)).toEqual([])
    expect(gapsOf(granted, null).map(({command}) => command)).toEqual(Object.keys(PERMISSIONS).sort())
  })

  test.each([
    ['v1.34.2', false],
    ['v1.35.0', true],
    ['v1.36.1-gke.100', true],
    [null, true],
  ])('a WebSocket of %s takes `create`: %s', (version, needed) => {
    expect(neededRights(version).map(keyOf).includes('/pods/exec create')).toBe(needed)
    expect(neededRights(version).map(keyOf)).toContain('/pods/eviction create')
  })

  const gap = (text: string, optional = ''): Gap => ({...right(text), optional})
  test.each<[string, readonly Gap[], boolean, object]>([
    ['nothing', [], false, {status: 'ok', reason: '', cure: null}],
    [
      'what it can not run without',
      [gap('apps/deployments get'), gap('apps/deployments patch'), gap('/events list', 'evidence')],
      false,
      {
        status: 'warning',
        reason: "can't run: not allowed to get, patch deployments.apps",
        cure: 'sapoche rbac scale | kubectl apply -f -  (ask whoever may)',
      },
    ],
    [
      'what it can do without',
      [gap('/events list', 'evidence'), gap('keda.sh/scaledobjects list', 'whether KEDA explains a count')],
      false,
      {status: 'ok', reason: 'may not list events (evidence); list scaledobjects.keda.sh (whether KEDA explains a count)', cure: null},
    ],
    ['what is not meant to run', [gap('apps/deployments patch')], true, {status: 'skipped', reason: 'refused by --read-only', cure: null}],
  ])('%s', (_, gaps, readOnly, row) => {
    expect(commandRow({command: 'scale', gaps}, {readOnly, elsewhere: ''})).toMatchObject(row)
  })

  test('what reads is judged under --read-only too', () => {
    const row = commandRow({command: 'status', gaps: [gap('/pods list')]}, {readOnly: true, elsewhere: ' -n other'})
    expect(row).toMatchObject({status: 'warning', cure: 'sapoche rbac status -n other | kubectl apply -f -  (ask whoever may)'})
  })
})

describe('asking the API server', () => {
  const RULES = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'
  const ACCESS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const WANTED = ['/pods list', 'apps/deployments patch', '/pods/exec create', '/nodes list'].map(right)

  /** A server that tells these rules, and allows these when it is asked for one. */
  async function review(status: object, allowed: readonly string[]) {
    const handle = ({path, body, json}: Asked): boolean => {
      const {spec} = JSON.parse(body === '' ? '{}' : body) as {spec?: {resourceAttributes?: Record<string, string>}}
      if (path === RULES) json({status})
      if (path === ACCESS) {
        const {group = '', resource = '', subresource, verb = ''} = spec?.resourceAttributes ?? {}
        json({status: {allowed: allowed.includes(`${group}/${resource}${subresource === undefined ? '' : `/${subresource}`} ${verb}`)}})
      }
      return path === RULES || path === ACCESS
    }
    const {cluster, requests} = await served({}, {handle})
    const granted = await reviewRights(cluster, WANTED, PATIENT)
    return {
      granted: [...granted].sort(),
      asked: requests.map(({path, body}) => (path === ACCESS ? (JSON.parse(body) as {spec: unknown}).spec : path)),
    }
  }

  test('one request for all, and one for what lies outside of namespaces', async () => {
    const {granted, asked} = await review({resourceRules: [ALL], incomplete: false}, ['/nodes list'])
    expect(granted).toEqual(WANTED.map(keyOf).sort())
    expect(asked).toEqual([RULES, {resourceAttributes: {group: '', resource: 'nodes', verb: 'list'}}])
  })

  test('rules that are complete are the last word', async () => {
    const {granted, asked} = await review({resourceRules: [rule()], incomplete: false}, ['apps/deployments patch'])
    expect(granted).toEqual(['/pods list'])
    expect(asked).toHaveLength(2)
  })

  test('where an authorizer keeps its rules to itself, each of the others is asked for', async () => {
    const {granted, asked} = await review({resourceRules: [rule()], incomplete: true}, ['apps/deployments patch', '/pods/exec create'])
    expect(granted).toEqual(['/pods list', '/pods/exec create', 'apps/deployments patch'])
    expect(asked).toContainEqual({
      resourceAttributes: {namespace: 'sapoche', group: '', resource: 'pods', subresource: 'exec', verb: 'create'},
    })
    expect(asked).toHaveLength(4)
  })

  test('one that may not even ask', async () => {
    const {cluster} = await served({}, {handle: ({status}) => (status(403, {reason: 'Forbidden', message: 'no'}), true)})
    await expect(reviewRights(cluster, WANTED, PATIENT)).rejects.toBeInstanceOf(RefusedError)
  })
})
