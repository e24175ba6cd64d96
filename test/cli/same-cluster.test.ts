import {expect, test} from 'vitest'
import {clusterArguments, sameCluster} from '../../src/lib/cli/same-cluster.ts'

test('the options that lead to the same cluster', () => {
  expect(clusterArguments({})).toBe('')
  expect(clusterArguments({context: 'prod eu', namespace: 'x', as: 'me', 'as-group': ['a', 'b'], kubeconfig: undefined})).toBe(
    " --context 'prod eu' --namespace x --as me --as-group a --as-group b",
  )
  expect(clusterArguments({sandbox: 'crashloop', catalogue: 'our.yaml'})).toBe(' --catalogue our.yaml --sandbox=crashloop')
})

test.each([
  ['sapoche logs worker-x --previous', 'sapoche logs worker-x --previous --context prod --namespace x --catalogue c.yaml'],
  ['sapoche pods -n kafka', 'sapoche pods -n kafka --context prod --catalogue c.yaml'],
  [
    'sapoche exec redis -- redis-cli --bigkeys',
    'sapoche exec redis --context prod --namespace x --catalogue c.yaml -- redis-cli --bigkeys',
  ],
  [
    'sapoche rbac logs | kubectl apply -f -  (ask whoever may)',
    'sapoche rbac logs --context prod --namespace x --catalogue c.yaml | kubectl apply -f -  (ask whoever may)',
  ],
  ['kubectl rollout resume deployment/a -n x', 'kubectl rollout resume deployment/a -n x --context prod'],
  ['ask whoever may', 'ask whoever may'],
])('%s', (command, led) => {
  const choice = {context: 'prod', namespace: 'x', catalogue: 'c.yaml'}
  const report = {items: [{reason: command, next: [command]}], trends: new Map([['a', {next: [command]}]]), next: []}
  expect(sameCluster(report, choice)).toEqual({items: [{reason: command, next: [led]}], trends: new Map([['a', {next: [led]}]]), next: []})
})

test('a report of the cluster that is there anyway stays as it is', () => {
  const report = {next: ['sapoche status']}
  expect(sameCluster(report, {'as-group': []})).toBe(report)
})
