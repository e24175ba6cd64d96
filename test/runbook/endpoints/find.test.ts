import {describe, expect, test} from 'vitest'
import {clusterNames, decodeEndpointPod, findEndpoint, type Neighbourhood} from '../../../src/lib/runbook/endpoints/index.ts'
import {decodeService} from '../../../src/lib/workload/index.ts'

const service = (name: string, spec: object) => decodeService({metadata: {name}, spec})
const pod = (name: string, {app = name, ready = true, phase = 'Running', ip = '10.0.0.1', deleted = false} = {}) =>
  decodeEndpointPod({
    metadata: {name, labels: {app}, ...(deleted ? {deletionTimestamp: '2026-01-01T00:00:00Z'} : {})},
    spec: {containers: [{name: 'app', ports: [{name: 'redis', containerPort: 6380}]}]},
    status: {phase, podIP: ip, conditions: [{type: 'Ready', status: ready ? 'True' : 'False'}]},
  })

const HERE: Neighbourhood = {
  namespace: 'sapoche',
  services: [
    service('st-redis-sp', {clusterIP: '10.27.62.167', selector: {app: 'redis'}, ports: [{port: 6379, targetPort: 'redis'}]}),
    service('plain', {clusterIP: '10.27.0.2', selector: {app: 'redis'}, ports: [{port: 80, targetPort: 8042}]}),
    service('empty', {selector: {app: 'nobody'}, ports: [{port: 80}]}),
    service('external', {type: 'ExternalName', ports: [{port: 80}]}),
    service('unnamed', {selector: {app: 'redis'}, ports: [{port: 80, targetPort: 'no-such-name'}]}),
  ],
  pods: [
    pod('redis-old', {app: 'redis', deleted: true}),
    pod('redis-a', {app: 'redis', ready: false, ip: '10.0.0.5'}),
    pod('redis-b', {app: 'redis', ip: '10.0.0.6'}),
    pod('redis-done', {app: 'redis', phase: 'Succeeded'}),
  ],
}
const KAFKA: Neighbourhood = {
  namespace: 'kafka',
  services: [service('redpanda', {clusterIP: 'None', selector: {app: 'redpanda'}, ports: [{port: 9092}]})],
  pods: [pod('redpanda-0', {app: 'redpanda', ip: '10.0.1.0'}), pod('redpanda-1', {app: 'redpanda', phase: 'Pending', ip: '10.0.1.1'})],
}

test.each([
  ['st-redis-sp', [['sapoche', 'st-redis-sp', null]]],
  [
    'a.b',
    [
      ['b', 'a', null],
      ['sapoche', 'b', 'a'],
    ],
  ],
  ['a.b.svc', [['b', 'a', null]]],
  ['a.b.svc.cluster.local', [['b', 'a', null]]],
  ['a.b.svc.cluster.local.', [['b', 'a', null]]],
  ['redpanda-0.redpanda.kafka', [['kafka', 'redpanda', 'redpanda-0']]],
  ['redpanda-0.redpanda.kafka.svc.cluster.local', [['kafka', 'redpanda', 'redpanda-0']]],
  ['10.27.62.167', []],
  ['::1', []],
  ['redis.databases.eu.example', []],
])('%s may mean', (host, names) => {
  expect(clusterNames(host, 'sapoche').map(({namespace, service: of, pod: one}) => [namespace, of, one])).toEqual(names)
})

describe('behind', () => {
  const find = (host: string, port: number) => findEndpoint({host, port}, 'sapoche', [HERE, KAFKA])
  const at = (name: string, port: number, namespace = 'sapoche') => ({endpoint: expect.objectContaining({namespace, pod: name, port})})

  test.each([
    ['a service: the ready pod, and the port by its name', 'st-redis-sp', 6379, at('redis-b', 6380)],
    ['a service by its number', 'plain', 80, at('redis-b', 8042)],
    ['a service of another namespace', 'redpanda.kafka', 9092, at('redpanda-0', 9092, 'kafka')],
    ['a pod of a headless service', 'redpanda-0.redpanda.kafka.svc.cluster.local', 9093, at('redpanda-0', 9093, 'kafka')],
    ['a headless service, by a port it does not list', 'redpanda.kafka.svc', 9644, at('redpanda-0', 9644, 'kafka')],
    ['a cluster IP', '10.27.62.167', 6379, at('redis-b', 6380)],
    ["a pod's own address", '10.0.0.5', 6379, at('redis-a', 6379)],
    ['a service without pods', 'empty', 80, {endpoint: null, service: 'empty', namespace: 'sapoche'}],
    ['a pod that has not started', 'redpanda-1.redpanda.kafka', 9092, {endpoint: null, service: 'redpanda', namespace: 'kafka'}],
    ['a service without a selector', 'external', 80, {endpoint: null, service: 'external', namespace: 'sapoche'}],
    ['a port that the service lacks', 'st-redis-sp', 9999, {endpoint: null, service: 'st-redis-sp', namespace: 'sapoche'}],
    ['a port name that no pod has', 'unnamed', 80, {endpoint: null, service: 'unnamed', namespace: 'sapoche'}],
    ['no service', 'nothing', 80, null],
    ['a namespace that was not read', 'x.elsewhere', 80, null],
    ['an address that is nobody’s', '10.9.9.9', 80, null],
    ['an external name', 'redis.databases.eu.example', 6379, null],
  ])('%s', (_, host, port, found) => expect(find(host, port)).toEqual(found))

  test('a pod that runs and is not ready, where no other is', () => {
    const around = {...HERE, pods: HERE.pods.filter(({name}) => name !== 'redis-b')}
    expect(findEndpoint({host: 'st-redis-sp', port: 6379}, 'sapoche', [around])).toMatchObject({endpoint: {pod: 'redis-a'}})
  })
})
