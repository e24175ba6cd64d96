import {describe, expect, test} from 'vitest'
import {changedBy, decodeLive} from '../../../src/lib/runbook/operation/live.ts'
import {surgeOf} from '../../../src/lib/runbook/operation/rollout-guards.ts'
import {deployment, rawDeployment} from './objects.ts'

const REPLICAS = {'f:spec': {'f:replicas': {}}}
const entry = (manager: string, fieldsV1: object = {}, extra: object = {}): object => ({manager, operation: 'Update', fieldsV1, ...extra})

describe('who changed it', () => {
  const ours = entry('sapoche', REPLICAS, {time: '2026-11-22T03:00:00Z'})
  test.each<[string, number, object[], string]>([
    ['a new manager of the count', 5, [entry('kubectl', REPLICAS)], 'kubectl'],
    ['one that left no trace but owns the count', 5, [ours], 'another run of sapoche'],
    ['a new owner beside the old one', 5, [ours, entry('dashboard', REPLICAS, {subresource: 'scale'})], 'dashboard'],
    ['an autoscaler', 5, [entry('kube-controller-manager', REPLICAS, {subresource: 'scale'})], 'the autoscaler (kube-controller-manager)'],
    ['the controller writes its status', 1, [ours, entry('kube-controller-manager', {}, {subresource: 'status'})], 'unknown'],
    ['another part of it', 1, [ours, entry('helm', {'f:spec': {'f:template': {}}})], 'helm'],
    ['nobody is named', 5, [], 'unknown'],
    ["zero through scale, which is nobody's", 0, [entry('sapoche', {}, {time: '2026-11-22T03:00:00Z'})], 'unknown'],
    ['with its time', 5, [entry('helm', REPLICAS, {time: '2026-11-22T03:12:01Z'})], 'helm at 2026-11-22 03:12:01Z'],
    ['without that of another write', 5, [entry('ui', REPLICAS, {subresource: 'scale', time: '2026-11-22T03:12:01Z'})], 'ui'],
    [
      'the last of several',
      1,
      [entry('helm', {}, {time: '2026-11-22T03:12:01Z'}), entry('sapoche', {}, {time: '2026-11-22T03:11:00Z'})],
      'helm at 2026-11-22 03:12:01Z',
    ],
  ])('%s', (_what, replicas, managers, who) => {
    expect(changedBy(deployment({managers: [ours]}), deployment({replicas, managers}))).toBe(who)
  })
})

describe('which tool owns it', () => {
  test.each<[string, Parameters<typeof deployment>[0], string | null]>([
    ['nobody', {}, null],
    ['Argo CD by its tracking annotation', {annotations: {'argocd.argoproj.io/tracking-id': 'x'}}, 'Argo CD'],
    ['Argo CD by its writes', {managers: [entry('argocd-controller')]}, 'Argo CD'],
    ['Flux', {labels: {'kustomize.toolkit.fluxcd.io/name': 'x'}}, 'Flux'],
    ['Flux that runs Helm', {labels: {'helm.toolkit.fluxcd.io/name': 'x', 'app.kubernetes.io/managed-by': 'Helm'}}, 'Flux'],
    ['Helm', {labels: {'app.kubernetes.io/managed-by': 'Helm'}}, 'Helm'],
  ])('%s', (_what, facts, tool) => {
    expect(deployment(facts).managedBy).toBe(tool)
  })
})

test('volumes and templates are read', () => {
  const volumes = [
    {name: 'data', persistentVolumeClaim: {claimName: 'orthanc-data'}},
    {name: 'tmp', emptyDir: {}},
  ]
  expect(deployment({volumes}).claims).toEqual(['orthanc-data'])
  expect(deployment({image: 'a:1'}).templateText).not.toBe(deployment({image: 'a:2'}).templateText)
  expect(decodeLive(rawDeployment()).resourceVersion).toBe('7')
})

test.each<[object | undefined, number, number]>([
  [undefined, 1, 1],
  [{type: 'Recreate'}, 1, 0],
  [{rollingUpdate: {maxSurge: 0}}, 3, 0],
  [{rollingUpdate: {maxSurge: 2}}, 3, 2],
  [{rollingUpdate: {maxSurge: '25%'}}, 5, 2],
  [{rollingUpdate: {maxSurge: '0%'}}, 5, 0],
])('surge of %o at %i', (strategy, replicas, surge) => {
  expect(surgeOf(deployment({replicas, ...(strategy === undefined ? {} : {strategy})}))).toBe(surge)
})
